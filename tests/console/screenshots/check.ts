import { print, scenes } from "./verdicts.ts";

/** Prints the verdicts on the pictures of the last run; needs neither a stack nor a browser. */
const taken = scenes();
if (taken.length === 0) console.log("There are no pictures. Take them by `make screenshots`.");
if (!print(taken, true)) process.exitCode = 1;
