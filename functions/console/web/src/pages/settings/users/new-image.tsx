import { useId, useState } from "react";
import { usePictureAddress } from "../../../frame/member-avatar";
import { image as texts } from "../../../texts/en/image";
import { Avatar, Section } from "../../../ui";
import { ImagePicker } from "../../member-image/image-picker";
import { toBase64 } from "../../member-image/picture";

interface Props {
  name: string;
  /** Takes the picture in base64; empty for none. */
  onChange: (image: string) => void;
}

/** The picture of somebody who is about to be invited. It is kept with the form until there is a member (U504). */
export function NewImage({ name, onChange }: Props) {
  const [square, setSquare] = useState<Blob>();
  const address = usePictureAddress(square);
  const id = useId();
  return (
    <Section about={texts.aboutNew} title={texts.title}>
      <ImagePicker
        action={texts.use}
        avatar={<Avatar name={name} picture={address} size={64} />}
        hasImage={square !== undefined}
        id={id}
        onImage={async (chosen) => {
          onChange(await toBase64(chosen));
          setSquare(chosen);
        }}
        onRemove={() => {
          onChange("");
          setSquare(undefined);
          document.getElementById(`${id}-choose`)?.focus();
        }}
      />
    </Section>
  );
}
