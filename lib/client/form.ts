/** A file: a Blob or File, or what React Native uses in their place. */
export type FileLike = Blob | { uri: string; name: string; type: string };

/** A multipart body of files and texts; fields that are undefined are left out. */
export function formOf(
  fields: Record<string, FileLike | string | undefined>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else if (value !== undefined) appendFile(form, name, value);
  }
  return form;
}

/** React Native's FormData takes its own kind of file, which the types of the web do not know. */
export function appendFile(form: FormData, name: string, file: FileLike): void {
  form.append(name, file as Blob);
}
