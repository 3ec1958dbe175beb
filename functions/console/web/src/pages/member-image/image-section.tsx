import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { deleteMemberImage, memberImageOptions } from "../../api/member-images";
import { isProblem } from "../../api/problems";
import { MemberAvatar } from "../../frame/member-avatar";
import { image as texts } from "../../texts/en/image";
import { announce, Button, errorText, Icon, Row, Section, toasts } from "../../ui";
import { CropDialog } from "./crop-dialog";
import styles from "./image.module.css";
import { complaintOf, TYPES } from "./picture";

interface Props {
  member: string;
  name: string;
  about: string;
}

/** The picture of a member, for those who may change it. */
export function ImageSection({ member, name, about }: Props) {
  const { data } = useQuery(memberImageOptions(member));
  const input = useRef<HTMLInputElement>(null);
  const [complaint, setComplaint] = useState<string>();
  const [bitmap, setBitmap] = useState<ImageBitmap>();
  const [isCropping, setCropping] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const id = useId();

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

  const remove = async () => {
    setBusy(true);
    try {
      await deleteMemberImage(member, data?.etag);
      toasts.done(texts.removed);
      announce(texts.removed);
      document.getElementById(`${id}-choose`)?.focus();
    } catch (error) {
      toasts.failed(isProblem(error, "precondition-failed") ? texts.replaced : errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Section about={about} title={texts.title}>
      <div className={styles.image}>
        <MemberAvatar member={member} name={name} size={64} />
        <div className={styles.body}>
          <Row>
            <Button aria-describedby={`${id}-help`} changes id={`${id}-choose`} onClick={() => input.current?.click()}>
              {data ? texts.change : texts.choose}
            </Button>
            {data && (
              <Button aria-label={texts.removeLabel} changes isBusy={isBusy} onClick={() => void remove()}>
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
      <CropDialog bitmap={bitmap} isOpen={isCropping} member={member} onClose={() => setCropping(false)} />
    </Section>
  );
}
