/** Where a search stands in these fields of a record. The real API folds what it compares, and takes several words. */
export function matchesOf<F extends string>(record: Readonly<Record<F, string>>, fields: readonly F[], q: string) {
  return fields.flatMap((field) => {
    const start = record[field].toLowerCase().indexOf(q.toLowerCase());
    return start < 0 ? [] : [{ field, start, end: start + q.length }];
  });
}
