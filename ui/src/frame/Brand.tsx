/** The mark: a signed tree, and an A. */
export function Brand() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" aria-hidden>
      <path d="M9.2 4.6 5 15.2M10.8 4.6 15 15.2M7.2 11.2h5.6" />
      <g fill="currentColor" stroke="none">
        <circle cx="10" cy="3.4" r="2.1" />
        <circle cx="4.4" cy="16.6" r="2.1" />
        <circle cx="15.6" cy="16.6" r="2.1" />
      </g>
    </svg>
  );
}
