import { now } from "../calls/event-loop.ts";
import { type Stretch, TaskRunner } from "../tasks/task-runner.ts";
import { recordedOperations } from "./layout.ts";
import type { Recorder } from "./recorder.ts";

const operation = recordedOperations.indexOf("task");

/** Records each task of maps and pools that this rank does. */
export function recordTasks(recorder: Recorder): void {
  let indexOf: (() => number) | undefined;
  let triedBefore = 0;
  const { doSome } = TaskRunner.prototype;
  TaskRunner.prototype.doSome = function (spec, stretch: Stretch, from, values, until) {
    let i = from;
    indexOf = () => stretch.indexOf(i++);
    triedBefore = stretch.attempt - 1;
    return doSome.call(this, spec, stretch, from, values, until);
  };
  TaskRunner.watch = (work) => {
    return (...args) => {
      const index = indexOf?.() ?? 0;
      const before = triedBefore;
      const began = now();
      recorder.task(1, began);
      const ended = (failed: boolean): void => {
        const at = now();
        recorder.task(-1, at);
        recorder.taskEnded(operation, began, at, index, failed, before);
      };
      let value: unknown;
      try {
        value = work(...args);
      } catch (error) {
        ended(true);
        throw error;
      }
      if (value instanceof Promise)
        value.then(
          () => ended(false),
          () => ended(true),
        );
      else ended(false);
      return value;
    };
  };
}
