import type { SVGProps } from "react";

/** Our own set, 16 × 16, drawn in the colour of the text. */
const PATHS = {
  account:
    "M3 14V4.5A1.5 1.5 0 0 1 4.5 3h4A1.5 1.5 0 0 1 10 4.5V14M10 7h2a1 1 0 0 1 1 1v6M2 14h12M5.5 6h2M5.5 8.5h2M5.5 11h2",
  alert: "M8 5v3.5M8 11h.01M7.1 2.6 1.7 12a1 1 0 0 0 .9 1.5h10.8a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0Z",
  check: "m3.5 8.5 3 3 6-7",
  chevronDown: "m4.5 6.5 3.5 3.5 3.5-3.5",
  chevronRight: "m6.5 4.5 3.5 3.5-3.5 3.5",
  client:
    "M2.5 5.5A1.5 1.5 0 0 1 4 4h8a1.5 1.5 0 0 1 1.5 1.5v6A1.5 1.5 0 0 1 12 13H4a1.5 1.5 0 0 1-1.5-1.5zM6 4V3a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v1M2.5 8h11",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5v-2A1 1 0 0 1 6.500 2.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M3.500 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Z",
  download: "M8 2.500v8M4.500 7.500 8 11l3.500-3.500M3 13.500h10",
  desktop: "M3 3h10a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM8 11v2.500M5.500 13.500h5",
  edit: "m10.500 3.500 2 2L6 12l-2.500.500L4 10zM9.500 4.500l2 2",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  eyeOff:
    "M6.500 3.700A6.500 6.500 0 0 1 8 3.500c4 0 6.500 4.500 6.500 4.500a11 11 0 0 1-1.700 2.200M4.300 4.600A10.500 10.500 0 0 0 1.500 8S4 12.500 8 12.500a6.500 6.500 0 0 0 3.300-.9M2.500 2.500l11 11",
  info: "M8 7.500v3.500M8 5h.01M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  key: "M9.500 6.500a3.500 3.500 0 1 0-2.600 3.400L8 8.800h1.500V7.300H11l2.500-2.500V2.500h-2.300zM5.500 10h.01",
  lock: "M4 7h8a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1Zm1.500 0V4.500a2.500 2.500 0 0 1 5 0V7",
  log: "M4 2.500h8a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1ZM5.500 5.500h5M5.500 8h5M5.500 10.500h3",
  mail: "M2.500 4.500a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zM3 4.500l5 4 5-4",
  menu: "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
  more: "M3.500 8h.01M8 8h.01M12.500 8h.01",
  panel: "M3.500 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM6.500 3v10",
  phone: "M5.500 1.500h5a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-5a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1ZM7.500 12h1",
  plus: "M8 3v10M3 8h10",
  person: "M8 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM3 13.500a5 5 0 0 1 10 0",
  role: "M8 2 3 4v4c0 3 2 5 5 6 3-1 5-3 5-6V4zM6 8l1.500 1.500L10.500 6.500",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.600-1.400L14 14",
  settings:
    "M2.500 4.500h7M12.500 4.500h1M2.500 11.500h1M6.500 11.500h7M11 6a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM5 13a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3Z",
  signIn: "M9.500 3H12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H9.500M2.500 8H9M6.500 5.500 9 8l-2.500 2.500",
  signOut: "M6.500 3H4a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h2.500M6.500 8H13M10.500 5.500 13 8l-2.500 2.500",
  trash:
    "M3 4.500h10M6 4.500V3a.5.5 0 0 1 .5-.5h3a.5.5 0 0 1 .5.5v1.500M4.500 4.500l.5 8a1 1 0 0 0 1 1h4a1 1 0 0 0 1-1l.5-8",
  users:
    "M6 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM1.500 13.500a4.500 4.500 0 0 1 9 0M10.500 2.800a2.500 2.500 0 0 1 0 4.400M12.300 9.800a4.500 4.500 0 0 1 2.200 3.700",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon, which says nothing by itself: what it stands for is written beside it or in the control's label. */
export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      aria-hidden="true"
      fill="none"
      focusable="false"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={name === "more" ? 2 : 1.5}
      viewBox="0 0 16 16"
      width={size}
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
