import { useEffect, useId, useRef, useState } from "react";
import { common } from "../../texts/en/common";
import { image as texts } from "../../texts/en/image";
import { Button, Dialog, Explained, ProblemView } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import styles from "./image.module.css";
import { draw, fileOf } from "./picture";

interface Props {
  /** The verb on the button. */
  action: string;
  /** The picture that was chosen; it stays while the dialog closes. */
  bitmap: ImageBitmap | undefined;
  isOpen: boolean;
  onClose: () => void;
  /** Takes the square over; what it throws is shown here. */
  onImage: (square: Blob) => unknown;
}

/** Shows what is kept of a chosen picture, and hands it over. */
export function CropDialog({ action, bitmap, isOpen, onClose, onImage }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useOnOpen(isOpen, () => setError(undefined));

  const leave = () => {
    if (!isBusy) onClose();
  };

  const save = async () => {
    if (!canvas.current) return;
    setBusy(true);
    setError(undefined);
    try {
      const file = await fileOf(canvas.current);
      if (!file) throw new Explained(texts.tooRich);
      await onImage(file);
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      actions={
        <>
          <Button onClick={leave}>{common.cancel}</Button>
          <Button changes isBusy={isBusy} kind="primary" onClick={() => void save()}>
            {action}
          </Button>
        </>
      }
      isOpen={isOpen}
      onClose={leave}
      size="small"
      title={texts.cropTitle}
    >
      {bitmap && <Crop bitmap={bitmap} canvas={canvas} />}
      {error !== undefined && <ProblemView error={error} />}
    </Dialog>
  );
}

function Crop({ bitmap, canvas }: { bitmap: ImageBitmap; canvas: React.RefObject<HTMLCanvasElement | null> }) {
  const [place, setPlace] = useState(0.5);
  const id = useId();
  useEffect(() => setPlace(bitmap.height > bitmap.width ? 0.25 : 0.5), [bitmap]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, bitmap, place);
  }, [bitmap, canvas, place]);
  const isSquare = bitmap.width === bitmap.height;
  return (
    <div className={styles.crop}>
      <canvas aria-label={texts.preview} className={styles.preview} ref={canvas} role="img" />
      {!isSquare && (
        <div className={styles.place}>
          <label htmlFor={id}>{bitmap.width > bitmap.height ? texts.across : texts.along}</label>
          <input
            id={id}
            max={1}
            min={0}
            onChange={(event) => setPlace(Number(event.target.value))}
            step={0.01}
            type="range"
            value={place}
          />
        </div>
      )}
    </div>
  );
}
