import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type DragEvent, useId, useRef, useState } from "react";
import { environmentsOptions } from "../../../api/environments";
import { saveFile } from "../../../download";
import { useProjectId } from "../../../frame/project-id";
import { common } from "../../../texts/en/common";
import { imports as texts } from "../../../texts/en/imports";
import { unread } from "../../../texts/en/unread";
import { announce, Button, Page, PartProblem, ProblemView, Row, Section, Stack } from "../../../ui";
import { classes } from "../../../ui/classes";
import { complaintAbout, templateOf } from "./file";
import styles from "./import.module.css";
import { Progress } from "./progress";
import { goOn, stopUpload, type Upload, upload, useUpload } from "./upload";
import { Walk } from "./walk";

const route = getRouteApi("/a/$account/p/$project/settings/users/import");

/** First step of an import: a CSV file is chosen or dropped, and uploaded (U410). */
export function FilePage() {
  const project = useProjectId();
  const running = useUpload(project);
  const navigate = route.useNavigate();
  const params = route.useParams();
  const follow = async (work: Promise<string>) => {
    try {
      const id = await work;
      // Whoever left meanwhile is not taken away from there.
      if (location.pathname.endsWith("/settings/users/import")) {
        await navigate({
          to: "/a/$account/p/$project/settings/users/import/$import",
          params: { ...params, import: id },
          replace: true,
        });
      }
    } catch {
      // The upload keeps what went wrong, which is shown below.
    }
  };
  return (
    <Page isNarrow>
      <Walk current="file" name={running?.name} />
      {running ? (
        <Uploading onGoOn={() => void follow(goOn())} upload={running} />
      ) : (
        <ChooseFile onFile={(file) => void follow(upload(project, file))} />
      )}
    </Page>
  );
}

function Uploading({ upload: { name, sent, size, error }, onGoOn }: { upload: Upload; onGoOn: () => void }) {
  const share = size > 0 ? sent / size : 0;
  const percent = new Intl.NumberFormat("en", { style: "percent" }).format(share);
  return (
    <Section title={<bdi>{texts.uploading(name)}</bdi>}>
      <Stack gap={3}>
        {error === undefined ? (
          <>
            <Progress label={texts.uploading(name)} share={share} />
            <p className={styles.soft}>{texts.uploaded(percent)}</p>
          </>
        ) : (
          <ProblemView error={error} retry={onGoOn} />
        )}
        <Row>
          <Button onClick={stopUpload}>{common.cancel}</Button>
        </Row>
      </Stack>
    </Section>
  );
}

/** A field for a file, on which one can be dropped. */
function ChooseFile({ onFile }: { onFile: (file: File) => void }) {
  const environments = useQuery(environmentsOptions(useProjectId()));
  const [complaint, setComplaint] = useState<string>();
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const take = (file: File | undefined) => {
    if (!file) return;
    const found = complaintAbout(file);
    setComplaint(found);
    if (found) announce(found);
    else onFile(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <Section about={texts.fileAbout} title={texts.fileTitle}>
      <Stack>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way to what the button does */}
        <div
          className={classes(styles.drop, isOver && styles.isOver)}
          onDragLeave={() => setOver(false)}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDrop={drop}
        >
          <Button icon="upload" kind="primary" onClick={() => input.current?.click()}>
            {texts.choose}
          </Button>
          <span className={styles.soft}>{texts.drop}</span>
          <input
            accept=".csv,.tsv,.txt,text/csv"
            aria-describedby={complaint ? id : undefined}
            aria-invalid={complaint ? true : undefined}
            aria-label={texts.fileField}
            className="visually-hidden"
            onChange={(event) => {
              take(event.target.files?.[0]);
              event.target.value = "";
            }}
            ref={input}
            tabIndex={-1}
            type="file"
          />
        </div>
        {complaint && (
          <p className={styles.complaint} id={id} role="alert">
            {complaint}
          </p>
        )}
        <div className={styles.template}>
          <Button
            icon="download"
            onClick={() =>
              saveFile(
                [templateOf((environments.data ?? []).map(({ name }) => name))],
                "text/csv;charset=utf-8",
                texts.templateName,
              )
            }
            small
          >
            {texts.template}
          </Button>
          <span className={styles.soft}>{texts.templateAbout}</span>
        </div>
        <PartProblem read={environments} title={unread.environments} />
      </Stack>
    </Section>
  );
}
