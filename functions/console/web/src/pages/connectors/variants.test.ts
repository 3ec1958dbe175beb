import { describe, expect, it } from "vitest";
import { languageName, variantsChange, variantsOf, variantsRule, variantWords, writeVariants } from "./variants";

const GERMAN = { tag: "de", text: "Bitte warten." };

describe("texts in other languages (A52)", () => {
  it("are held in one order, and told by the names of their languages", () => {
    expect(variantsOf(undefined)).toBe("");
    expect(variantsOf({ "pt-BR": "Aguarde.", de: GERMAN.text })).toBe(
      writeVariants([GERMAN, { tag: "pt-BR", text: "Aguarde." }]),
    );
    expect(languageName("pt_br")).toBe("Brazilian Portuguese");
    expect(variantWords(writeVariants([GERMAN]))).toBe("German: Bitte warten.");
  });

  it("change only where they differ; one that was removed is told as null, and an empty row counts for nothing", () => {
    const before = variantsOf({ de: GERMAN.text, fr: "Attendez." });
    expect(variantsChange(before, before)).toBeUndefined();
    const wanted = writeVariants([GERMAN, { tag: "pt_br", text: "Aguarde." }, { tag: "", text: " " }]);
    expect(variantsChange(before, wanted)).toEqual({ fr: null, "pt-BR": "Aguarde." });
  });

  it("each need a language of their own and a text that fits", () => {
    const rule = (...rows: { tag: string; text: string }[]) =>
      variantsRule(writeVariants(rows), (text) => (text.length > 20 ? "Too long" : undefined));
    expect(rule(GERMAN, { tag: "", text: "" })).toBeUndefined();
    expect(rule({ tag: "not a tag", text: "Hi" })).toMatch(/^Enter a language tag/);
    expect(rule(GERMAN, { tag: "DE", text: "Hallo" })).toMatch(/^German has two texts/);
    expect(rule({ tag: "de", text: " " })).toMatch(/German/);
    expect(rule({ tag: "de", text: "x".repeat(21) })).toBe("German: Too long");
  });
});
