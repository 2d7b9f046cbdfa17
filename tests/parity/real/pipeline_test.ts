import { testPipelines } from "../../support/golden_pipelines.ts";

await testPipelines(true);
