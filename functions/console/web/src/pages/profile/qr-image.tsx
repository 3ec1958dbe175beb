import { profile as texts } from "../../texts/en/profile";
import styles from "./profile.module.css";
import { encodeQrCode, pathOf } from "./qr-code";

/** Light modules around a code, which readers need. */
const QUIET = 4;

/** A text as a QR code. */
export function QrImage({ text }: { text: string }) {
  const code = encodeQrCode(text);
  const size = code.length + 2 * QUIET;
  return (
    <svg
      aria-label={texts.qrCode}
      className={styles.qr}
      role="img"
      shapeRendering="crispEdges"
      viewBox={`${-QUIET} ${-QUIET} ${size} ${size}`}
    >
      <path d={pathOf(code)} />
    </svg>
  );
}
