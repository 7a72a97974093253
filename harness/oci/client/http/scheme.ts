// https, or plain http where that is allowed: for a registry on this machine, and for one that the user called
// insecure.
import { RegistryError } from '../../../errors.ts'
import { codeOf } from './retry.ts'
import type { Transport } from './transport.ts'
import { isLoopback } from './url.ts'

/** Error codes of TLS when the other side answers in plain HTTP, or closes the connection. */
const NOT_TLS = /^(?:EPROTO|ERR_SSL_|ECONNRESET|EPIPE|UND_ERR_SOCKET)/

/**
 * The base URL of a registry, found out once. Where plain http is allowed, https is tried first and given up only when
 * the other side speaks no TLS: a certificate that is not trusted is an error and no reason to go on in clear.
 */
export function openScheme(
  host: string,
  insecure: boolean,
  transport: Transport,
): (signal?: AbortSignal) => Promise<URL> {
  const https = new URL(`https://${host}`)
  if (!insecure && !isLoopback(host)) return () => Promise.resolve(https)
  let base: Promise<URL> | undefined
  const probe = async (signal: AbortSignal | undefined): Promise<URL> => {
    try {
      const reply = await transport.send({ method: 'GET', url: new URL('/v2/', https), headers: {} }, signal)
      await reply.discard()
      return https
    } catch (error) {
      if (error instanceof RegistryError && error.cause instanceof Error && NOT_TLS.test(codeOf(error.cause)))
        return new URL(`http://${host}`)
      throw error
    }
  }
  return (signal) => {
    base ??= probe(signal).catch((error: unknown) => {
      base = undefined
      throw error
    })
    return base
  }
}
