// Secrets in a text of any kind: META values, specifications of services.
import { HarnessError } from '../../errors.ts'
import { parseYamlNodes, type YamlNode } from '../../formats/yaml/nodes.ts'
import { holdsSecret, secretsInBody } from './bodies.ts'
import { secretsInComments } from './comments.ts'
import { secretsInLists } from './lists.ts'
import { isPlaceholder, shapesIn } from './shapes.ts'

/** What they are, with their lines from 1; each line once. */
export function secretsInText(text: string): readonly { readonly field: string; readonly line: number }[] {
  const found = new Map<number, string>()
  for (const { field, line } of secretsInBody(text, isSecret)) found.set(line + 1, field)
  for (const { field, at } of documentsOf(text).flatMap((root) => secretsInLists(root, isSecret)))
    if (!found.has(at.line)) found.set(at.line, field)
  for (const [index, line] of text.split('\n').entries()) {
    const [shape] = shapesIn(line)
    if (shape !== undefined && !found.has(index + 1)) found.set(index + 1, shape.field)
  }
  for (const { field, line } of secretsInComments(text)) if (!found.has(line)) found.set(line, field)
  return [...found].map(([line, field]) => ({ field, line })).toSorted((a, b) => a.line - b.line)
}

function isSecret(name: string, value: string): boolean {
  return holdsSecret(name, value) && !isPlaceholder(value)
}

/** None of a text that is no YAML: its lines are looked at all the same. */
function documentsOf(text: string): readonly YamlNode[] {
  try {
    return parseYamlNodes(Buffer.from(text))
  } catch (error) {
    if (error instanceof HarnessError) return []
    throw error
  }
}
