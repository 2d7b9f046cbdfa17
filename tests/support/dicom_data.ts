/** Real DICOM files beside the checkout; not part of the repository. */
export const DICOM_DATA = new URL(
  "../../../shared/data/dicom/",
  import.meta.url,
);

/** Whether they are there; says why tests are skipped when not. */
export const hasDicom = (() => {
  try {
    return Deno.statSync(DICOM_DATA).isDirectory;
  } catch {
    console.log(
      "Tests on real DICOM files are skipped: ../shared/data/dicom is absent.",
    );
    return false;
  }
})();
