import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { readAttachment } from "../../api/attachments";
import type { Message } from "../../api/conversations";
import { isProblem } from "../../api/problems";
import { saveFile } from "../../download";
import { usePictureAddress } from "../../frame/member-avatar";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, errorText, toasts } from "../../ui";
import { useNear } from "../../ui/use-near";
import styles from "./conversations.module.css";

/** Pictures that a browser shows; everything else is a download. */
const SHOWN = ["image/png", "image/jpeg", "image/gif", "image/webp"];

interface Props {
  project: string;
  conversation: string;
  number: number;
  file: Message["attachments"][number];
}

/** A file of a message: a picture is shown, everything else is downloaded. Both come through the API. */
export function AttachmentView(props: Props) {
  // Platforms call a picture that is sent uncompressed a file.
  return SHOWN.includes(props.file.mime_type ?? "") ? <Picture {...props} /> : <Download {...props} />;
}

const nameOf = ({ name, kind }: Props["file"]) => name || texts.files[kind];

function Picture(props: Props) {
  const { project, conversation, number, file } = props;
  const { place, isNear } = useNear<HTMLSpanElement>();
  const { data, error } = useQuery({
    queryKey: ["attachment", project, conversation, number, file.index],
    queryFn: ({ signal }) => readAttachment(project, conversation, number, file.index, file.mime_type ?? "", signal),
    enabled: isNear,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const address = usePictureAddress(data);
  if (error) return <Missing error={error} props={props} />;
  return (
    <span className={styles.picture} ref={place}>
      {address ? <img alt={nameOf(file)} src={address} /> : <span aria-busy="true">{nameOf(file)}</span>}
    </span>
  );
}

function Missing({ error, props }: { error: unknown; props: Props }) {
  if (isProblem(error, "file-gone")) {
    return (
      <p className={styles.soft}>
        {nameOf(props.file)}: {texts.fileGone}
      </p>
    );
  }
  return <Download {...props} />;
}

function Download({ project, conversation, number, file }: Props) {
  const [isBusy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const type = file.mime_type || "application/octet-stream";
      const data = await readAttachment(project, conversation, number, file.index, type);
      saveFile([data], type, nameOf(file));
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button icon="download" isBusy={isBusy} onClick={() => void download()} small>
      {texts.download(nameOf(file))}
    </Button>
  );
}
