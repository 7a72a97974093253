// An answer that is not what was asked for, as a coded error with what the registry says about it.
import { z } from 'zod'
import { HarnessError, RegistryError } from '../../../errors.ts'
import { parseDocument } from '../../image/schemas.ts'
import { readBody } from './body.ts'
import { MAX_ERROR_BYTES } from './limits.ts'
import { BusyError, parseRetryAfter } from './retry.ts'
import type { Reply } from './transport.ts'
import { redactUrl } from './url.ts'

export type ErrorContext = {
  readonly registry: string
  /** The origin of the credentials that were sent; undefined for none. */
  readonly credentials: string | undefined
  readonly documentMs: number
  /** True for a request that writes. */
  readonly push?: boolean
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
const errorSchema = z.looseObject({
  errors: z
    .array(
      z.looseObject({ code: z.string().optional(), message: z.string().nullish(), detail: z.unknown().optional() }),
    )
    .min(1),
})
/** The number of characters of a registry's text that are quoted. */
const QUOTED_LENGTH = 300

/**
 * Reads the body, within bounds. 401 and 403 are REGISTRY_DENIED, 408, 429 and 5xx temporary, all else
 * REGISTRY_PROTOCOL.
 */
export async function toError(reply: Reply, context: ErrorContext): Promise<RegistryError> {
  const { status } = reply
  const request = redactUrl(reply.url)
  const said = await readReason(reply, context.documentMs)
  const message = `${request}: expected an answer, got status ${status}${said === '' ? '' : ` (${said})`}`
  if (status === 401 || status === 403)
    return new RegistryError('REGISTRY_DENIED', `${message}: ${advice(context)}`, { status, request })
  if (status === 408 || status === 429 || status >= 500) {
    const asked = parseRetryAfter(reply.headers('retry-after')[0] ?? '')
    return asked === undefined
      ? new RegistryError('REGISTRY_UNAVAILABLE', message, { status, request, temporary: true })
      : new BusyError(asked, `${message}; it says to come back in ${renderWait(asked)}`, { status, request })
  }
  return new RegistryError('REGISTRY_PROTOCOL', message, { status, request })
}

function advice(context: ErrorContext): string {
  const { registry, credentials, push = false } = context
  if (push) return pushAdvice(context)
  const known =
    credentials === undefined
      ? 'it is private or does not exist, and no credentials for it were found'
      : `the credentials from ${credentials} do not open it, or it does not exist`
  const scope = registry === 'ghcr.io' ? ' with a token that may read:packages' : ''
  return `${known}; log in with docker login ${registry} or podman login ${registry}${scope}, or give --username and --password-stdin`
}

function pushAdvice({ registry, credentials }: ErrorContext): string {
  const known =
    credentials === undefined
      ? 'no credentials for it were found'
      : `the credentials from ${credentials} may not push there`
  const scope = registry === 'ghcr.io' ? ' with a token that may write:packages' : ''
  return `${known}; log in with docker login ${registry} or podman login ${registry}${scope}`
}

/** `21600000` is `6 h`. */
function renderWait(ms: number): string {
  if (ms >= 2 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`
  return ms >= 2 * 60_000 ? `${Math.round(ms / 60_000)} min` : `${Math.ceil(ms / 1000)} s`
}

type Said = z.infer<typeof errorSchema>['errors'][number]

/** The detail is free: GitLab says only there what it does not accept. */
function renderSaid({ code, message, detail }: Said): string {
  const shown = typeof detail === 'string' ? detail : JSON.stringify(detail ?? '')
  const isEmpty = ['', '""', '{}', '[]', message].includes(shown)
  return [code, message, isEmpty ? '' : `(${shown})`].filter(Boolean).join(' ')
}

/** The registry's own words, as one line; '' where it says nothing that can be read. */
async function readReason(reply: Reply, documentMs: number): Promise<string> {
  try {
    const tooLong = (): Error => new RegistryError('REGISTRY_PROTOCOL', 'expected a short error, got a long one')
    const bytes = await readBody(reply, { maxBytes: MAX_ERROR_BYTES, documentMs, tooLong })
    const { errors } = parseDocument(bytes, errorSchema, 'error', {})
    const words = errors.map(renderSaid).join('; ')
    return words.replace(/[\p{C}\s]+/gu, ' ').slice(0, QUOTED_LENGTH)
  } catch (error) {
    if (error instanceof HarnessError) return ''
    throw error
  }
}
