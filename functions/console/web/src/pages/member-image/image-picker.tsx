import { type ReactNode, useRef, useState } from "react";
import { image as texts } from "../../texts/en/image";
import { announce, Button, Icon, Row } from "../../ui";
import { CropDialog } from "./crop-dialog";
import styles from "./image.module.css";
import { complaintOf, TYPES } from "./picture";

interface Props {
  /** Begins the ids of the parts; that of the button ends in “-choose”. */
  id: string;
  /** The picture as it stands, or the initials. */
  avatar: ReactNode;
  hasImage: boolean;
  /** The verb that takes the square over. */
  action: string;
  /** Takes the square of the chosen picture over; what it throws is shown in the dialog. */
  onImage: (square: Blob) => unknown;
  onRemove: () => void;
  isRemoving?: boolean;
}

/** Lets a picture be chosen, cut to its square, and taken away. */
export function ImagePicker({ id, avatar, hasImage, action, onImage, onRemove, isRemoving }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [complaint, setComplaint] = useState<string>();
  const [bitmap, setBitmap] = useState<ImageBitmap>();
  const [isCropping, setCropping] = useState(false);

  const choose = async (file: File | undefined) => {
    if (!file) return;
    const wrong = complaintOf(file);
    setComplaint(wrong);
    if (wrong) return announce(wrong);
    try {
      setBitmap(await createImageBitmap(file));
      setCropping(true);
    } catch {
      setComplaint(texts.brokenRule);
      announce(texts.brokenRule);
    }
  };

  return (
    <>
      <div className={styles.image}>
        {avatar}
        <div className={styles.body}>
          <Row>
            <Button aria-describedby={`${id}-help`} changes id={`${id}-choose`} onClick={() => input.current?.click()}>
              {hasImage ? texts.change : texts.choose}
            </Button>
            {hasImage && (
              <Button aria-label={texts.removeLabel} changes isBusy={isRemoving} onClick={onRemove}>
                {texts.remove}
              </Button>
            )}
          </Row>
          {complaint && (
            <p className={styles.error}>
              <Icon name="alert" size={14} /> {complaint}
            </p>
          )}
          <p className={styles.help} id={`${id}-help`}>
            {texts.help}
          </p>
        </div>
      </div>
      {/* The button above stands for it. */}
      <input
        accept={TYPES.join(",")}
        hidden
        onChange={(event) => {
          void choose(event.target.files?.[0]);
          // The same file can be chosen again.
          event.target.value = "";
        }}
        ref={input}
        type="file"
      />
      <CropDialog
        action={action}
        bitmap={bitmap}
        isOpen={isCropping}
        onClose={() => setCropping(false)}
        onImage={onImage}
      />
    </>
  );
}
