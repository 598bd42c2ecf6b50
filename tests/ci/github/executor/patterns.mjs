/** The patterns of `branches` and `paths`, where a later one overrules an earlier one and `!` takes names out again. */

/** Whether the list lets the name in. */
export function includes(patterns, name) {
  return patterns.reduce((inside, pattern) => {
    const negated = pattern.startsWith('!');
    return regularExpression(negated ? pattern.slice(1) : pattern).test(name) ? !negated : inside;
  }, false);
}

/** `*` stays within one folder, `**` does not; `?` and `+` repeat what is before them, `[]` is a set. */
function regularExpression(pattern) {
  const translated = pattern.replace(/\*\*\/|\*\*|\*|[.^$(){}|]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : `\\${part}`;
  });
  return new RegExp(`^${translated}$`);
}
