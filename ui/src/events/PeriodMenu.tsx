import { CalendarDays, ChevronDown } from "lucide-react";
import { useState } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { DateField } from "../export/DateField.tsx";
import { Button } from "../parts/Button.tsx";
import { useNow } from "../parts/useNow.ts";
import { zoneSentence } from "../parts/zone.ts";
import menu from "./menu.module.css";
import { PERIOD_NAMES, periodInWords, PRESETS, type Period } from "./period.ts";

interface PeriodMenuProps {
  period: Period;
  zone: string;
  onPeriod: (period: Period) => void;
}

/** When: a few usual periods, or two days. */
export function PeriodMenu({ period, zone, onPeriod }: PeriodMenuProps) {
  return (
    <DialogTrigger>
      <Button className={menu["open"]}>
        <CalendarDays aria-hidden />
        {periodInWords(period, zone)}
        <ChevronDown aria-hidden />
      </Button>
      <Popover className={menu["popover"] ?? ""} placement="bottom end" offset={4}>
        <Dialog className={menu["dialog"] ?? ""} aria-label="Period">
          {({ close }) => (
            <Choices
              period={period}
              zone={zone}
              onPeriod={(next) => {
                onPeriod(next);
                close();
              }}
            />
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Choices({ period, zone, onPeriod }: PeriodMenuProps) {
  const days = period.kind === "between" ? [period.from, period.to].map((each) => (each === "" ? null : each.slice(0, 10))) : [null, null];
  const [from = null, setFrom] = useState(days[0]);
  const [to = null, setTo] = useState(days[1]);
  const now = useNow();
  const fault = from !== null && to !== null && to < from ? `The last day, ${to}, is before the first. Choose ${from} or a later day.` : undefined;
  return (
    <>
      <ul className={menu["list"]}>
        {PRESETS.map((preset) => (
          <li key={preset}>
            <button type="button" className={menu["item"]} aria-current={period.kind === preset || undefined} onClick={() => onPeriod({ kind: preset })}>
              {PERIOD_NAMES[preset]}
            </button>
          </li>
        ))}
      </ul>
      <div className={menu["form"]}>
        <DateField label="From" name="from" value={from} fault={undefined} onChange={setFrom} />
        <DateField label="Up to and including" name="to" value={to} fault={fault} onChange={setTo} />
        <p className={menu["hint"]}>{zoneSentence(zone, from, to !== null && from !== null && to < from ? null : to, now)}</p>
        <Button kind="primary" onPress={() => fault === undefined && onPeriod(from === null && to === null ? { kind: "all" } : { kind: "between", from: from ?? "", to: to ?? "" })}>
          Show these days
        </Button>
      </div>
    </>
  );
}
