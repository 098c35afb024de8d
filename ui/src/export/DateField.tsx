import { parseDate, type CalendarDate } from "@internationalized/date";
import { Calendar as CalendarIcon, ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Calendar, CalendarCell, CalendarGrid, CalendarGridBody, CalendarGridHeader, CalendarHeaderCell, Heading } from "react-aria-components/Calendar";
import { DateInput, DatePicker, DateSegment, Group, Label } from "react-aria-components/DatePicker";
import { Dialog } from "react-aria-components/Dialog";
import { FieldError } from "react-aria-components/FieldError";
import { Popover } from "react-aria-components/Popover";
import css from "./DateField.module.css";
import field from "./field.module.css";

interface DateFieldProps {
  label: string;
  /** The request's name for this field; errors find the field by it. */
  name: string;
  value: string | null;
  fault: string | undefined;
  onChange: (value: string | null) => void;
}

/** A day, typed part by part or picked from a calendar, written as the reader's locale writes it. */
export function DateField({ label, name, value, fault, onChange }: DateFieldProps) {
  return (
    <DatePicker<CalendarDate>
      className={field["field"] ?? ""}
      data-field={name}
      value={value === null ? null : parseDate(value)}
      onChange={(date) => onChange(date?.toString() ?? null)}
      isInvalid={fault !== undefined}
      granularity="day"
      shouldForceLeadingZeros={false}
    >
      <Label className={field["label"] ?? ""}>{label}</Label>
      <Group className={`${field["box"]} ${css["box"]}`}>
        <DateInput className={css["input"] ?? ""}>{(segment) => <DateSegment segment={segment} className={css["segment"] ?? ""} />}</DateInput>
        <Button className={field["open"] ?? ""}>
          <CalendarIcon aria-hidden />
        </Button>
      </Group>
      <FieldError className={field["error"] ?? ""}>{fault}</FieldError>
      <Popover className={css["popover"] ?? ""} placement="bottom end" offset={4}>
        <Dialog className={css["dialog"] ?? ""}>
          <Month />
        </Dialog>
      </Popover>
    </DatePicker>
  );
}

function Month() {
  return (
    <Calendar>
      <header className={css["head"]}>
        <Button slot="previous" className={css["turn"] ?? ""}>
          <ChevronLeft aria-hidden />
        </Button>
        <Heading className={css["month"] ?? ""} level={2} />
        <Button slot="next" className={css["turn"] ?? ""}>
          <ChevronRight aria-hidden />
        </Button>
      </header>
      <CalendarGrid className={css["grid"] ?? ""}>
        <CalendarGridHeader>{(day) => <CalendarHeaderCell className={css["weekday"] ?? ""}>{day}</CalendarHeaderCell>}</CalendarGridHeader>
        <CalendarGridBody>{(date) => <CalendarCell date={date} className={css["day"] ?? ""} />}</CalendarGridBody>
      </CalendarGrid>
    </Calendar>
  );
}
