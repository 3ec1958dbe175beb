import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { deleteMemberImage, memberImageOptions, setMemberImage } from "../../api/member-images";
import { isProblem } from "../../api/problems";
import { MemberAvatar } from "../../frame/member-avatar";
import { image as texts } from "../../texts/en/image";
import { unread } from "../../texts/en/unread";
import { announce, errorText, PartProblem, Section, toasts } from "../../ui";
import { ImagePicker } from "./image-picker";
import { toBase64 } from "./picture";

interface Props {
  member: string;
  name: string;
  about: string;
}

/** The picture of a member, for those who may change it. */
export function ImageSection({ member, name, about }: Props) {
  const read = useQuery(memberImageOptions(member));
  const { data } = read;
  const [isBusy, setBusy] = useState(false);
  const id = useId();

  const save = async (square: Blob) => {
    await setMemberImage(member, await toBase64(square));
    toasts.done(texts.saved);
    announce(texts.saved);
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
      <ImagePicker
        action={texts.save}
        avatar={<MemberAvatar member={member} name={name} size={64} />}
        hasImage={Boolean(data)}
        id={id}
        isRemoving={isBusy}
        onImage={save}
        onRemove={() => void remove()}
      />
      <PartProblem read={read} title={unread.image} />
    </Section>
  );
}
