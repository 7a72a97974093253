// Follows the tokens of a valid JSON text through the shape of its schema, and notes what Go reads otherwise.
import { ANY, type Shape } from './shape.ts'
import type { Token } from './tokens.ts'

/** A place where clients read a text differently: a JSON pointer, and why. */
export type JsonProblem = { readonly pointer: string; readonly message: string }

type WalkFacts = {
  readonly problems: readonly JsonProblem[]
  readonly compact: boolean
  /** Pointers of keys that are no field of the schema, where it says which there are. */
  readonly unknown: readonly string[]
}

export type Walk = {
  /** The number of objects and lists that are open behind `token`. */
  take(token: Token): number
  /** `compact`: no blank space, and no escape that json.Marshal of Go would not write. */
  end(): WalkFacts
}

type Level = {
  readonly shape: Shape
  readonly isObject: boolean
  /** The keys of an object so far, as written and folded. */
  readonly keys: Set<string>
  readonly folded: Map<string, string>
  /** The key of the next value; undefined where a key comes next. */
  key: string | undefined
  index: number
}

/** Problems that are listed: one is enough to refuse a document. */
const MAX_PROBLEMS = 20
const WHOLE_NUMBER = /^-?(?:0|[1-9][0-9]*)$/
/** Characters that json.Marshal escapes and JSON.stringify does not. */
const ESCAPE = /\\(u003c|u003e|u0026|u2028|u2029|.)/g

export function startWalk(fold: (key: string) => string, root: Shape): Walk {
  const levels: Level[] = []
  const problems: JsonProblem[] = []
  const unknown: string[] = []
  let compact = true
  const note = (message: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ pointer: pointerOf(levels), message })
  }
  const takeKey = (level: Level, key: string): void => {
    level.key = key
    const { keys, folded, shape } = level
    if (keys.has(key)) return note('expected each key once, got it again: readers differ in which one counts')
    keys.add(key)
    if (shape.kind !== 'fields') return
    if (!shape.fields.has(key) && unknown.length < MAX_PROBLEMS) unknown.push(pointerOf(levels))
    const spelling = fold(key)
    const other = folded.get(spelling) ?? fieldOf(shape, key, spelling, fold)
    folded.set(spelling, key)
    if (other !== undefined)
      note(`expected ${JSON.stringify(other)}, got ${JSON.stringify(key)}: one field to a reader that folds its name`)
  }
  const takeString = (text: string, level: Level | undefined): void => {
    const value = JSON.parse(text) as string
    if (text.includes('\\') && text.replaceAll(ESCAPE, unescapeGo) !== JSON.stringify(value)) compact = false
    if (level?.isObject === true && level.key === undefined) takeKey(level, value)
    if (!value.isWellFormed()) note('expected whole characters, got half a surrogate pair')
  }
  return {
    take({ kind, text, spaced }) {
      compact &&= !spaced
      const level = levels.at(-1)
      if (kind === '{' || kind === '[') levels.push(openLevel(kind === '{', level === undefined ? root : inside(level)))
      else if (kind === '}' || kind === ']') levels.pop()
      else if (kind === 'string') takeString(text, level)
      else if (kind === ',' && level !== undefined) {
        level.index++
        level.key = undefined
      } else if (kind === 'literal' && isFraction(text, level === undefined ? root : inside(level)))
        note(`expected a whole number without fraction or exponent, got ${text.slice(0, 40)}`)
      return levels.length
    },
    end: () => ({ problems, compact, unknown }),
  }
}

function openLevel(isObject: boolean, shape: Shape): Level {
  return { shape, isObject, keys: new Set(), folded: new Map(), key: undefined, index: 0 }
}

/** The shape of the value that comes next. */
function inside({ shape, isObject, key = '' }: Level): Shape {
  if (isObject && shape.kind === 'fields') return shape.fields.get(key) ?? ANY
  if (isObject && shape.kind === 'map') return shape.value
  return !isObject && shape.kind === 'list' ? shape.item : ANY
}

/** The field that `key` is to a reader that folds names; undefined where it is that field's own name, or none's. */
function fieldOf(
  { fields }: Extract<Shape, { kind: 'fields' }>,
  key: string,
  spelling: string,
  fold: (key: string) => string,
): string | undefined {
  return fields.has(key) ? undefined : [...fields.keys()].find((name) => fold(name) === spelling)
}

/** Go refuses `1.0` and `1e3` for an integer; JSON.parse makes one of each. */
function isFraction(text: string, shape: Shape): boolean {
  return shape.kind === 'number' && /^[-0-9]/.test(text) && !WHOLE_NUMBER.test(text)
}

function unescapeGo(escape: string, code: string): string {
  return code.length === 1 ? escape : String.fromCharCode(Number.parseInt(code.slice(1), 16))
}

function pointerOf(levels: readonly Level[]): string {
  return levels
    .filter(({ isObject, key }) => !isObject || key !== undefined)
    .map(({ isObject, key = '', index }) => `/${isObject ? key.replaceAll('~', '~0').replaceAll('/', '~1') : index}`)
    .join('')
}
