// Promoting, top to bottom: what the reference names, whether it is green, move the channel.
import { NotFoundError } from '#harness/errors.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import type { RegistryClient } from '#harness/oci/client/client.ts'
import { fetchManifest } from '#harness/oci/client/manifests.ts'
import { resolveTag } from '#harness/oci/push/manifest.ts'
import { moveTag } from '#harness/oci/push/tag.ts'
import { judgeArguments } from '../cli/judge-options.ts'
import { renderReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { documentType } from '#harness/oci/registry/documents.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { verdictText } from '../publish/recompute.ts'
import { UsageError } from '../cli/command-line.ts'
import { printable } from '../judge/verdict/printable.ts'
import { setAside } from '../judge/verdict/report-file.ts'
import { describeFailure, judgeByMainJob } from '../publish/main.ts'
import type { Judge } from '../publish/verify.ts'
import { openPusher } from '../cli/registry-options.ts'
import { readPromoted } from './verdict.ts'
import { parseOptions, PROMOTED_REPORT, type PromoteCommand } from './options.ts'

/** A tag, what it is to name, and what it named before; undefined for nothing. */
type Move = { readonly tag: string; readonly to: Digest; readonly from: Digest | undefined }

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function promote(args: readonly string[], judge: Judge = judgeByMainJob): Promise<number> {
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    const client = await openPusher(options.image.registry, options)
    try {
      return await promoteWith(client, options, judge)
    } finally {
      await client.close()
    }
  } catch (error) {
    const { text, exit } = describeFailure(error)
    process.stderr.write(`${text}\n`)
    return exit === 1 ? 2 : exit
  }
}

async function promoteWith(client: RegistryClient, options: PromoteCommand, judge: Judge): Promise<number> {
  const { image, channel } = options
  const { installer, assets } = await planMoves(client, options)
  const moves = assets === undefined ? [installer] : [installer, assets]
  const { kind, registry, repository } = image
  const pinned = renderReference({ ...image, digest: installer.to })
  const { report = PROMOTED_REPORT } = options
  await setAside(report)
  const status = await judge([
    pinned,
    ...(assets === undefined ? [] : ['--assets', renderReference({ kind, registry, repository, digest: assets.to })]),
    ...judgeArguments(options, { variant: options.variant, report }),
  ])
  const at = `${registry}/${repository}:${channel}`
  if (status !== 0) {
    process.stderr.write(
      `error: not green, so that ${printable(at)} ${installer.from === undefined ? 'is not made' : `stays at ${installer.from}`}\n`,
    )
    return status
  }
  const { waived } = await readPromoted(report, options, { installer: installer.to, assets: assets?.to })
  if (waived.length > 0) process.stderr.write(`${printable(verdictText(waived))}\n`)
  await moveAll(client, image, moves)
  for (const { tag, from, to } of moves) {
    const text = from === to ? `stays at ${to}` : `was ${from ?? 'nothing'}, is ${to}`
    process.stdout.write(`${printable(`${registry}/${repository}:${tag}`)} ${text}\n`)
  }
  return 0
}

/** The channel, then that of the assets where there are any. UsageError where there is no such image. */
async function planMoves(
  client: RegistryClient,
  { image, channel }: PromoteCommand,
): Promise<{ readonly installer: Move; readonly assets: Move | undefined }> {
  const { repository, tag, digest } = image
  const resolve = (name: string): Promise<Digest | undefined> => resolveTag(client, repository, name)
  const named = tag === undefined && digest !== undefined ? undefined : (tag ?? 'latest')
  const to = digest ?? (await resolve(named ?? ''))
  const fail = (text: string): UsageError => new UsageError(`${renderReference(image)}: ${text}`)
  if (to === undefined) throw fail('there is no such image')
  if (digest !== undefined && named !== undefined && (await resolve(named)) !== digest)
    throw fail(`the tag ${named} names another image by now`)
  const assets = named === undefined ? undefined : await resolve(named + ASSETS_SUFFIX)
  const [from, fromAssets] = [await resolve(channel), await resolve(channel + ASSETS_SUFFIX)]
  if (assets === undefined && fromAssets !== undefined)
    throw fail(
      `there is no asset image beside it, but ${channel + ASSETS_SUFFIX} names one, of another image then: give it by the tag that it was published under`,
    )
  return {
    installer: { tag: channel, to, from },
    assets: assets === undefined ? undefined : { tag: channel + ASSETS_SUFFIX, to: assets, from: fromAssets },
  }
}

/**
 * The installer last: who upgrades by the channel finds its assets there. UsageError where a channel names something else
 * than when it was read; the one that was moved before it goes back.
 */
async function moveAll(client: RegistryClient, { registry, repository }: RegistryReference, moves: readonly Move[]) {
  const moved: Move[] = []
  for (const move of moves.toReversed()) {
    const { tag, from, to } = move
    const found = await moveChannel(client, repository, move)
    if (found === to) {
      moved.push(move)
      continue
    }
    // To nothing there is no way back: not every registry deletes tags.
    for (const one of moved)
      if (one.from !== undefined) await moveChannel(client, repository, { ...one, to: one.from, from: one.to })
    throw new UsageError(
      `${registry}/${repository}:${tag} was ${from ?? 'nothing'} when it was read and is ${found ?? 'nothing'} now: somebody else moves it, and it stays; see which image it is to be, then run it again`,
    )
  }
}

/** Gives what the channel names afterwards. */
async function moveChannel(
  client: RegistryClient,
  repository: string,
  { tag, to, from }: Move,
): Promise<Digest | undefined> {
  const { bytes, mediaType } = await fetchManifest(client, repository, to).catch((error: unknown) => {
    if (error instanceof NotFoundError) throw new UsageError(`${to} is gone from ${repository}`, { cause: error })
    throw error
  })
  const manifest = { bytes, digest: to, mediaType: documentType(mediaType, bytes) }
  return moveTag(client, repository, manifest, { tag, from })
}
