import { components } from "./components.ts";
import { foundation } from "./foundation.ts";

/** The one style sheet: type and colours, then the parts that pages are made of. */
export const style = foundation + components;
