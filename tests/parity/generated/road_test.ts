import { testRoads } from "../../support/golden_roads.ts";

await testRoads(false);
