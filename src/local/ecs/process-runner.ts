import type { Local } from "../service.ts";
import { recordsRunner } from "./records-runner.ts";
export const processRunner = (_local: Local) => recordsRunner();
