// Secrets in a text of any kind: META values, specifications of services.
import { secretsInBody } from './bodies.ts'
import { secretsInComments } from './comments.ts'
import { shapesIn } from './shapes.ts'

/** What they are, with their lines from 1; each line once. */
export function secretsInText(text: string): readonly { readonly field: string; readonly line: number }[] {
  const found = new Map<number, string>()
  for (const { field, line } of secretsInBody(text)) found.set(line + 1, field)
  for (const [index, line] of text.split('\n').entries()) {
    const [shape] = shapesIn(line)
    if (shape !== undefined && !found.has(index + 1)) found.set(index + 1, shape.field)
  }
  for (const { field, line } of secretsInComments(text)) if (!found.has(line)) found.set(line, field)
  return [...found].map(([line, field]) => ({ field, line })).toSorted((a, b) => a.line - b.line)
}
