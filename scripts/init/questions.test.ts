import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ask, UnansweredError } from './questions.ts'
import type { Answers } from './options.ts'

const ASKED = new RegExp(String.raw`: \u001b\[\d+G$`)

type Dialogue = {
  readonly answers: Answers | UnansweredError
  readonly shown: string
  readonly left: readonly string[]
}

/** A person at a terminal who types the next of `keys` after each question. */
async function talk(keys: readonly string[], given: Answers = {}, defaults: Answers = {}): Promise<Dialogue> {
  const left = [...keys]
  let shown = ''
  const input = new PassThrough()
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 200 })
  output.on('data', (text: Buffer) => {
    shown += text.toString()
    // readline puts the cursor behind a question once it is whole.
    if (ASKED.test(shown)) {
      shown += '\n'
      const next = left.shift()
      if (next !== undefined) setImmediate(() => input.write(next))
    }
  })
  const answers = await ask(given, defaults, { input, output }).catch((error: unknown) => {
    if (error instanceof UnansweredError) return error
    throw error
  })
  return { answers, shown, left }
}

const WORKFLOW = 'you/images/.github/workflows/talos.yaml@refs/heads/main'

describe('ask', () => {
  it('takes answers, and the default of an empty line', async () => {
    const { answers, shown, left } = await talk(['ghcr.io/you\r', '\r', 'storage\r', '\r', `${WORKFLOW}\r`])
    expect({ answers, left }).toEqual({
      answers: { registry: 'ghcr.io/you', talos: 'v1.13.9', variants: 'storage', workflow: WORKFLOW },
      left: [],
    })
    expect(shown).toMatch(/storage +drbd, zfs/)
  })

  it('asks again after what is no answer, and says why', async () => {
    const { answers, shown } = await talk(['you\r', 'ghcr.io/you\r', 'newest\r', 'v1.11.5\r', '\r', 'cosign.pub\r'])
    expect(answers).toEqual({ registry: 'ghcr.io/you', talos: 'v1.11.5', variants: 'spin', key: 'cosign.pub' })
    expect(shown).toMatch(/expected a registry and a namespace[\s\S]*expected a tag of Talos from v1\.11\.0/)
  })

  it('asks for nothing that options or the clone say', async () => {
    const given = { talos: 'v1.11.5', variants: 'empty', key: 'cosign.pub' } as const
    const { answers, left } = await talk(['\r', 'left'], given, { registry: 'ghcr.io/me' })
    expect({ answers, left }).toEqual({ answers: { ...given, registry: 'ghcr.io/me' }, left: ['left'] })
  })

  it.each([
    ['Ctrl-C', '\x03', 130, 'interrupted: nothing was written'],
    ['Ctrl-D', '\x04', 2, 'the answers end here: nothing was written'],
  ])('ends at %s', async (_, key, status, message) => {
    const { answers } = await talk(['ghcr.io/you\r', key])
    expect(answers).toMatchObject({ status, message })
  })
})
