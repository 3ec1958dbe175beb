/** Everything that pages are made of. */
export { BackLink } from "./back-link";
export { Avatar, Badge, type Tone } from "./badge";
export { Button, IconButton, looks } from "./button";
export { ComboBox } from "./combo-box";
export { Copy, copyText } from "./copy";
export { ConfirmDialog, ConflictDialog, type ConflictingField, Dialog, DiscardDialog, SecretOnce } from "./dialog";
export { EnvironmentBadge } from "./environment-badge";
export {
  Checkbox,
  FieldGroup,
  type Option,
  PasswordField,
  RadioGroup,
  Select,
  Switch,
  TextArea,
  TextField,
} from "./field";
export { DangerDialog, Form, FormActions, FormDialog, type FormOptions, SubmitButton, useForm } from "./form";
export { PageHeading } from "./heading";
export { Icon, type IconName } from "./icon";
export { Details, Notice, Offer, Page, Row, Section, Stack } from "./layout";
export { announce } from "./live";
export { Marked, type Range, rangesIn } from "./marked";
export { MenuButton, type MenuEntry, type MenuSection } from "./menu";
export { ProviderIcon } from "./provider-icon";
export { SearchField } from "./search-field";
export { describeError, EmptyState, Explained, errorText, NoMatches, ProblemView, Skeleton } from "./states";
export { StrangersText } from "./strangers-text";
export { type Column, DataTable } from "./table";
export { Tabs } from "./tabs";
export { TagBox } from "./tag-box";
export { Time, useNow } from "./time";
export { toasts } from "./toast";
export { Toolbar } from "./toolbar";
