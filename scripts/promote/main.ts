// Promoting, top to bottom: what the reference names, whether it is green, move the channel.
import { NotFoundError } from '#harness/errors.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import type { RegistryClient } from '#harness/oci/client/client.ts'
import { fetchManifest } from '#harness/oci/client/manifests.ts'
import { pushManifest, resolveTag } from '#harness/oci/push/manifest.ts'
import { judgeArguments } from '../cli/judge-options.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { documentType } from '#harness/oci/registry/documents.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { UsageError } from '../cli/command-line.ts'
import { printable } from '../judge/verdict/printable.ts'
import { describeFailure, judgeByMainJob, type Judge } from '../publish/main.ts'
import { openPusher } from '../cli/registry-options.ts'
import { parseOptions, type PromoteCommand } from './options.ts'

const PROMOTED_REPORT = 'report/promoted.json'

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
  const status = await judge([
    pinned,
    ...(assets === undefined ? [] : ['--assets', renderReference({ kind, registry, repository, digest: assets.to })]),
    ...judgeArguments(options, { variant: options.variant, report: PROMOTED_REPORT }),
  ])
  const at = `${registry}/${repository}:${channel}`
  if (status !== 0) {
    process.stderr.write(`error: not green, so that ${printable(at)} stays at ${installer.from ?? 'nothing'}\n`)
    return status
  }
  // The installer last: who upgrades by the channel finds its assets there.
  for (const move of moves.toReversed()) await moveTag(client, repository, move)
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

async function moveTag(client: RegistryClient, repository: string, { tag, to, from }: Move): Promise<void> {
  if (from === to) return
  const { bytes, mediaType } = await fetchManifest(client, repository, to).catch((error: unknown) => {
    if (error instanceof NotFoundError) throw new UsageError(`${to} is gone from ${repository}`, { cause: error })
    throw error
  })
  await pushManifest(client, repository, { bytes, digest: to, mediaType: documentType(mediaType, bytes) }, tag)
}
