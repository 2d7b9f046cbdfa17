import { testRoads } from "../../support/golden_pipelines.ts";

await testRoads(true);
