// Tells the worker of the rules which boot file is arriving, so that it reads it while the rest is pulled.
import { BroadcastChannel } from 'node:worker_threads'
import type { BudgetLimits } from '#harness/budget.ts'
import { BLOCK_SIZE } from '#harness/fs/tar-fields.ts'
import type { TarListener } from '#harness/oci/cache/arrival.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import { ARRIVALS, type ArrivalMessage } from '#specs/support/ahead/messages.ts'

/** A smaller image is read in no time. */
const MIN_SIZE = 16 << 20

export type Arrivals = {
  readonly onTar: (path: string) => TarListener
  readonly close: () => void
}

/** Speaks about the first installer's UKI that comes, and about no other. */
export function tellArrivals(place: { readonly cacheFolder: string; readonly limits: BudgetLimits }): Arrivals {
  const channel = new BroadcastChannel(ARRIVALS)
  /** All that was told, for a worker that begins to listen late; of what was written only the last. */
  const told: { begin?: ArrivalMessage; written?: ArrivalMessage; end?: ArrivalMessage } = {}
  const tell = (message: ArrivalMessage): void => {
    Object.assign(told, { [message.kind]: message })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    channel.postMessage(message)
  }
  channel.addEventListener('message', (event) => {
    const { data } = event as MessageEvent
    if ((data as ArrivalMessage).kind === 'ready') for (const message of Object.values(told)) tell(message)
  })
  channel.unref()
  return {
    onTar(file) {
      let begin: Extract<ArrivalMessage, { kind: 'begin' }> | undefined
      return {
        entry({ path, type, size, origin }) {
          if (told.begin !== undefined || type !== 'file' || path !== UKI_PATH || size < MIN_SIZE) return
          begin = { kind: 'begin', file, path, offset: (origin.offset ?? 0) + BLOCK_SIZE, size, ...place }
          tell(begin)
        },
        written(bytes) {
          if (begin !== undefined) tell({ kind: 'written', bytes })
        },
        end(entries) {
          const { offset } = begin ?? {}
          if (offset === undefined || told.end !== undefined) return
          tell({ kind: 'end', digest: entries?.find(({ origin }) => origin.offset === offset - BLOCK_SIZE)?.digest })
        },
      }
    },
    close: () => channel.close(),
  }
}
