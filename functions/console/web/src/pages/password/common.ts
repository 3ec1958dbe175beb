import list from "../../../../../../shared/domain/src/team/common_passwords.txt?raw";
import { readCommon } from "./rules";

/** Common passwords: the list that the API checks with. Loaded late. */
export const common = readCommon(list);
