import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { createEndUser, type EndUserDetails, holderOf, type Named, readUsersAgain } from "../../api/end-users";
import { useAccount } from "../../api/me";
import { isProblem } from "../../api/problems";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { endUsers as texts } from "../../texts/en/end-users";
import {
  announce,
  Form,
  FormActions,
  looks,
  Page,
  PageHeading,
  Section,
  SubmitButton,
  toasts,
  useForm,
} from "../../ui";
import { BackToUsers } from "./back-to-users";
import { API_NAMES, BLANK, createOf, LABELS, rulesOf, type UserValues } from "./body";
import { nameOf } from "./names";
import { UserFields } from "./user-fields";

const route = getRouteApi("/a/$account/p/$project/settings/users/new");
const RULES = rulesOf(undefined);

/** Adds a user (U405–U407). */
export function NewUserPage() {
  const account = useAccount().id;
  const project = useProjectId();
  const navigate = route.useNavigate();
  const [holder, setHolder] = useState<Named>();
  const form = useForm<UserValues, EndUserDetails>({
    initial: BLANK,
    labels: LABELS,
    apiNames: API_NAMES,
    rules: RULES,
    send: (values, idempotencyKey) => {
      setHolder(undefined);
      return createEndUser(project, createOf(values), idempotencyKey);
    },
    onDone: (user) => {
      const name = nameOf(user);
      toasts.done(
        texts.added(name),
        <Link params={{ account, project, id: user.id }} to="/a/$account/p/$project/settings/users/$id">
          {texts.view}
        </Link>,
      );
      announce(texts.added(name));
      void readUsersAgain(project);
      void navigate({ to: "/a/$account/p/$project/settings/users", search: {} });
    },
    onFailure: (error) => {
      if (!isProblem(error, "phone-taken")) return false;
      const taken = holderOf(error);
      setHolder(taken);
      form.complain("phone", taken ? texts.phoneTaken(taken.display_name) : texts.phoneTakenSomebody);
      return true;
    },
  });
  return (
    <Page isNarrow>
      <BackToUsers />
      <PageHeading title={texts.addTitle} />
      <Form form={form}>
        <Section>
          <UserFields form={form} holder={holder} />
        </Section>
        <FormActions>
          <SubmitButton>{texts.add}</SubmitButton>
          <Link className={looks({})} params={{ account, project }} to="/a/$account/p/$project/settings/users">
            {common.cancel}
          </Link>
        </FormActions>
      </Form>
    </Page>
  );
}
