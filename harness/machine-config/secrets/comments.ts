// Secrets in comments: a key that was commented out is in the file all the same. Prose is no secret.
import { ASSIGNMENT, bare, holdsSecret, namesIn, PAIR } from './bodies.ts'
import { isPlaceholder, isPrivateKey } from './shapes.ts'

export type CommentSecret = {
  /** `token`, `a private key`, or what it looks like. */
  readonly field: string
  /** True for what Talos generates: its tokens, secrets of 32 bytes, keys of its authorities. */
  readonly isGenerated: boolean
  /** Both from 1. */
  readonly line: number
  readonly column: number
}

/** The start of a comment: at the start of a line or behind a blank, whatever the text around it is. */
const COMMENT = /(?:^|\s)#+\s*(?=\S)/
/** `--password=value`. */
const FLAG = /(?<![\w-])--?([A-Za-z][A-Za-z-]{1,60})=["']?([^\s"']{1,512})/g
/** A token of Talos and of kubeadm. */
const TOKEN = /(?<![A-Za-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}(?![A-Za-z0-9.])/
const KEY_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/
/** Words that say what a field is for, in place of its value. */
const PROSE =
  /^(?:required|optional|secret|token|password|string|text|base64|hex|generated|random|unset|unused|empty|default|see|todo|tbd|here|value)$/i
/** Longer lines are cut. */
const MAX_LINE = 8192
/** More secrets of one text add nothing. */
const MAX_FOUND = 100

/** Secrets in order of lines, each line once. */
export function secretsInComments(text: string): readonly CommentSecret[] {
  const found: CommentSecret[] = []
  for (const [index, whole] of text.split('\n').entries()) {
    if (found.length >= MAX_FOUND) break
    const line = whole.slice(0, MAX_LINE)
    const start = COMMENT.exec(line)
    if (start === null) continue
    const from = start.index + start[0].length
    const secret = secretInComment(line.slice(from))
    if (secret !== undefined) found.push({ ...secret, line: index + 1, column: from + 1 })
  }
  return found
}

function secretInComment(comment: string): Pick<CommentSecret, 'field' | 'isGenerated'> | undefined {
  if (isPrivateKey(comment)) return { field: 'a private key', isGenerated: false }
  const [, name = '', rest = ''] = ASSIGNMENT.exec(comment) ?? []
  const pairs = [[name, bare(rest)], ...namesIn(comment, PAIR), ...namesIn(comment, FLAG)]
  const pair = pairs.find(([key = '', value = '']) => isValue(value) && holdsSecret(key, value))
  if (pair !== undefined) {
    const [field = '', value = ''] = pair
    const isKey = field === 'key' ? isPrivateKey(value) : /secret$/i.test(field) && KEY_OF_32_BYTES.test(value)
    return { field, isGenerated: isKey || TOKEN.test(value) }
  }
  return TOKEN.test(comment) ? { field: 'a token', isGenerated: true } : undefined
}

/** One word, which is no placeholder and no word of a sentence. */
function isValue(text: string): boolean {
  return /^\S+$/.test(text) && !PROSE.test(text) && !isPlaceholder(text)
}
