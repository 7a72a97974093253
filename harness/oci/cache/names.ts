// The answers of registries about names: the digests that references were last resolved to, and lists of referrers, so that
// they can be judged without the network. A kept answer is sealed: nobody but this user can say what a tag is.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { makeFolder } from '../../bytes/folder.ts'
import type { Cache } from './cache.ts'
import { FOLDER_MODE } from './layout.ts'
import { descriptorSchema, type Descriptor } from '../image/schemas.ts'

type Named = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>

type Answer = {
  /** What a name names, or the list of its referrers; null where the registry has nothing, or no API to list them. */
  readonly found: Named | readonly Named[] | null
  /** The time of the registry's answer, in ISO 8601. */
  readonly resolved: string
}

/** Answers by question, as data: those of one run hold in all of it, whoever may write in the cache. */
export type Answers = Readonly<Record<string, Answer>>

const named = descriptorSchema.pick({ mediaType: true, digest: true, size: true })
const documentSchema = z.strictObject({
  version: z.literal(2),
  question: z.string(),
  found: z.union([named, z.array(named)]).nullable(),
  resolved: z.string(),
  seal: z.string(),
})

export interface Names {
  /** What a name was resolved to: null where nothing was; undefined where it is not known. */
  recall(name: string): Promise<{ readonly descriptor: Named | null; readonly resolved: string } | undefined>
  remember(name: string, found: Descriptor | null): Promise<void>
  /** The referrers of a name with a digest: null where the registry cannot list them; undefined where it is not known. */
  recallReferrers(name: string): Promise<readonly Named[] | null | undefined>
  rememberReferrers(name: string, found: readonly Descriptor[] | undefined): Promise<void>
  /** All that was asked since it was opened, and what was given then. */
  answers(): Answers
}

/** `given` goes before what the cache keeps. */
export function openNames(cache: Cache, given: Answers = {}): Names {
  const known = new Map(Object.entries(given))
  const remember = async (question: string, found: Answer['found']): Promise<void> => {
    const answer = { found, resolved: new Date().toISOString() }
    known.set(question, answer)
    await keepAnswer(cache, question, answer)
  }
  const recall = async (question: string): Promise<Answer | undefined> =>
    known.get(question) ?? (await readAnswer(cache, question))
  return {
    async recall(name) {
      const answer = await recall(name)
      return answer === undefined || Array.isArray(answer.found)
        ? undefined
        : { descriptor: answer.found as Named | null, resolved: answer.resolved }
    },
    remember: (name, found) => remember(name, found && pick(found)),
    async recallReferrers(name) {
      const answer = await recall(referrersOf(name))
      return answer === undefined || (answer.found !== null && !Array.isArray(answer.found)) ? undefined : answer.found
    },
    rememberReferrers: (name, found) => remember(referrersOf(name), found?.map(pick) ?? null),
    answers: () => Object.fromEntries(known),
  }
}

function pick({ mediaType, digest, size }: Descriptor): Named {
  return { mediaType, digest, size }
}

/** Keeps nothing where there is no seal: it would not be believed. */
async function keepAnswer(cache: Cache, question: string, answer: Answer): Promise<void> {
  // The first answer may come before the first blob, and of a folder that is not there nobody knows whose it is.
  await makeFolder(cache.root, FOLDER_MODE)
  const seal = await cache.seal()
  if (seal === undefined) return
  const document = { version: 2, question, ...answer, seal: seal.make(sealed(question, answer)) }
  await cache.write('names', keyOf(question), JSON.stringify(documentSchema.parse(document)))
}

/** Reads an answer; undefined for all that this user did not write for this question. */
async function readAnswer(cache: Cache, question: string): Promise<Answer | undefined> {
  const seal = await cache.seal()
  if (seal === undefined) return undefined
  try {
    const text = await readFile(cache.path('names', keyOf(question)), 'utf8')
    const { found, resolved, seal: got } = documentSchema.parse(JSON.parse(text))
    return seal.holds(sealed(question, { found, resolved }), got) ? { found, resolved } : undefined
  } catch {
    return undefined
  }
}

/** An answer is of one question: under another it holds no more. */
function sealed(question: string, { found, resolved }: Answer): string {
  return JSON.stringify(['answer', question, found, resolved])
}

/** No reference: a space is in none. */
function referrersOf(name: string): string {
  return `referrers ${name}`
}

function keyOf(question: string): Digest {
  return digestOf(Buffer.from(question))
}
