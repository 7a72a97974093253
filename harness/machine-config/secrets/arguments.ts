// Secrets on a kernel command line, which is in the clear in every image: parameters of Talos v1.11 … main of August 2026
// (siderolabs/talos pkg/machinery/constants), whose names say what they are, and addresses with a secret in them.
import { secretInAddress } from './addresses.ts'
import { holdsSecret } from './bodies.ts'
import { isPlaceholder, shapesIn } from './shapes.ts'

/** Variables for Talos itself and what it starts; repeated, one variable each. */
const ENVIRONMENT = 'talos.environment'
/** An endpoint need not have a scheme (internal/pkg/endpoint). */
const SIDEROLINK = 'siderolink.api'
/** Go takes an address of a proxy without a scheme for one of http (golang.org/x/net http/httpproxy). */
const PROXY = /^https?_proxy$/i

/** Names of parameters and variables with a secret for their value, or with what is secret in it: never the value. */
export function secretsInArguments(parameters: readonly string[]): readonly string[] {
  return parameters.flatMap((parameter) => {
    const [name, value] = cut(parameter)
    if (name !== ENVIRONMENT) return secretIn(name, value)
    const [variable, content] = cut(value)
    return secretIn(variable, content).map((found) => `${ENVIRONMENT} ${found}`)
  })
}

function secretIn(name: string, value: string): readonly string[] {
  if (value === '') return []
  if (holdsSecret(name, value) && !isPlaceholder(value)) return [name]
  const isAddress = value.includes('://') || name === SIDEROLINK || PROXY.test(name)
  const found = isAddress ? secretInAddress(PROXY.test(name) ? withScheme(value) : value) : undefined
  const what = found ?? shapesIn(value)[0]?.field
  return what === undefined ? [] : [`${name} (${what})`]
}

function withScheme(address: string): string {
  return address.includes('://') ? address : `http://${address}`
}

function cut(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
