// What the thread of the rules is sent beside the messages of vitest: those leave each other's alone.
import { parentPort } from 'node:worker_threads'
import type { RunInput } from '#specs/support/run.ts'

export type ThreadMessage =
  /** The environment of the run, which is known after the thread has started. */
  | { readonly about: 'environment'; readonly env: NodeJS.ProcessEnv }
  /** What the run of that name is to judge; undefined where it judges nothing. */
  | { readonly about: 'input'; readonly run: string; readonly input: RunInput | undefined }

type Input = PromiseWithResolvers<RunInput | undefined>
/** By the names of the runs. */
const inputs = new Map<string, Input>()

parentPort?.on('message', (message: ThreadMessage | { readonly about?: undefined }) => {
  if (message.about === 'environment') {
    for (const name of Object.keys(process.env)) if (!(name in message.env)) delete process.env[name]
    Object.assign(process.env, message.env)
  } else if (message.about === 'input') inputOf(message.run).resolve(message.input)
})

/** What a run is to judge, once it has been sent; asked for once. */
export async function takeInput(run: string): Promise<RunInput | undefined> {
  const input = await inputOf(run).promise
  inputs.delete(run)
  return input
}

function inputOf(run: string): Input {
  const known = inputs.get(run) ?? Promise.withResolvers<RunInput | undefined>()
  inputs.set(run, known)
  return known
}
