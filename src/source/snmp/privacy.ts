/**
 * The privacy protocols that net-snmp lacks here: DES, which OpenSSL 3 keeps away (but 3DES with three equal keys is DES), and AES-192
 * with keys extended after draft-blumenthal-aes-usm, as net-snmp's AES-256 is.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export interface Algorithm {
  CRYPTO_ALGORITHM: string
  KEY_LENGTH: number
  BLOCK_LENGTH: number
  encryptPdu: unknown
  decryptPdu: unknown
}

export interface NetSnmpSecurity {
  Authentication: { passwordToKey(auth: number, password: string, engineId: Buffer): Buffer }
  Encryption: { algorithms: Record<number, Algorithm> }
}

interface Engine {
  engineID: Buffer
}

export const desNumber = 2
export const aes192Number = 5
const aes256Number = 6
const blockBytes = 8

export function addPrivacyProtocols({ Authentication, Encryption }: NetSnmpSecurity): void {
  const { algorithms } = Encryption
  algorithms[aes192Number] = {
    ...(algorithms[aes256Number] as Algorithm),
    CRYPTO_ALGORITHM: 'aes-192-cfb',
    KEY_LENGTH: 24,
  }
  const keysOf = (password: string, auth: number, { engineID }: Engine, salt: Buffer) => {
    const localized = Authentication.passwordToKey(auth, password, engineID)
    const key = localized.subarray(0, blockBytes)
    const iv = localized.subarray(blockBytes, 2 * blockBytes).map((byte, i) => byte ^ (salt[i] as number))
    return { key: Buffer.concat([key, key, key]), iv }
  }
  algorithms[desNumber] = {
    ...(algorithms[desNumber] as Algorithm),
    encryptPdu(scopedPdu: Buffer, _priv: number, password: string, auth: number, engine: Engine) {
      const salt = Buffer.concat([Buffer.from([0, 0, 0, 1]), randomBytes(4)])
      const { key, iv } = keysOf(password, auth, engine, salt)
      const padded = Buffer.alloc(Math.ceil(scopedPdu.length / blockBytes) * blockBytes)
      scopedPdu.copy(padded)
      const cipher = createCipheriv('des-ede3-cbc', key, iv).setAutoPadding(false)
      return {
        encryptedPdu: Buffer.concat([cipher.update(padded), cipher.final()]),
        msgPrivacyParameters: salt,
      }
    },
    decryptPdu(
      encrypted: Buffer,
      _priv: number,
      salt: Buffer,
      password: string,
      auth: number,
      engine: Engine,
    ) {
      const { key, iv } = keysOf(password, auth, engine, salt)
      const cipher = createDecipheriv('des-ede3-cbc', key, iv).setAutoPadding(false)
      return Buffer.concat([cipher.update(encrypted), cipher.final()])
    },
  }
}
