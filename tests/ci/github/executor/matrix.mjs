/** The legs of a matrix. */
import { Refusal } from './refusal.mjs';
import { member, resolve } from './tokens.mjs';

/** One set of values for each leg; a single empty one without a matrix. */
export function legsOf(job, contexts) {
  const matrix = resolve(member(job.token, 'strategy', 'matrix'), contexts);
  if (!matrix) return [{}];
  const { include = [], exclude = [], ...axes } = matrix;
  const excluded = (leg) => exclude.some((one) => Object.entries(one).every(([key, value]) => isSame(leg[key], value)));
  const legs = included(
    products(axes).filter((leg) => !excluded(leg)),
    include,
  );
  if (!legs.length) throw new Refusal(`job '${job.id}': the matrix has no values`);
  return legs;
}

function products(axes) {
  const names = Object.keys(axes);
  const extend = (legs, name) => legs.flatMap((leg) => axes[name].map((value) => ({ ...leg, [name]: value })));
  return names.length ? names.reduce(extend, [{}]) : [];
}

/** An `include` completes all legs whose own values it leaves as they are; one that fits none is a leg of its own. */
function included(legs, include) {
  const results = legs.map((leg) => ({ ...leg }));
  const additional = [];
  for (const one of include) {
    const fits = (leg) => Object.entries(one).every(([key, value]) => !(key in leg) || isSame(leg[key], value));
    const fitting = results.filter((_, index) => fits(legs[index]));
    fitting.forEach((leg) => Object.assign(leg, one));
    if (!fitting.length) additional.push({ ...one });
  }
  return [...results, ...additional];
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
