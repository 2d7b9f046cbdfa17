/** Real one-shot sets beside the checkout; not part of the repository. */
export const ONESHOT = new URL(
  "../../../shared/data/oneshot/",
  import.meta.url,
);

/** Whether they are there; says why tests are skipped when not. */
export const hasOneshot = (() => {
  try {
    return Deno.statSync(ONESHOT).isDirectory;
  } catch {
    console.log(
      "Tests on real images are skipped: ../shared/data/oneshot is absent.",
    );
    return false;
  }
})();
