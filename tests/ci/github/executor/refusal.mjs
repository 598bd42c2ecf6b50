/** GitHub would not start this run, or what it asks for is not modelled: the run ends with this message. */
export class Refusal extends Error {}

/** One step does not work; the job goes on as after any failed step. No message: the trace tells of it already. */
export class StepFailure extends Error {
  constructor(message, outputs = {}) {
    super(message);
    this.outputs = outputs;
  }
}
