/** Values as machines have them, the same each run: a share with three places, whole degrees, watts with one place, a counter of bytes. */

export class Sensor {
  #state: number
  #value: number
  readonly #sort: number

  constructor(index: number) {
    this.#state = (index * 2_654_435_761 + 1) >>> 0
    this.#sort = index % 4
    this.#value = [0.3, 45, 300, index * 1e9][this.#sort]!
  }

  #chance(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 2 ** 32
  }

  next(): number {
    const swing = this.#chance() - 0.5
    switch (this.#sort) {
      case 0:
        this.#value = Math.min(1, Math.max(0, this.#value + swing * 0.1))
        return Number(this.#value.toFixed(3))
      case 1:
        this.#value += Math.abs(swing) > 0.45 ? Math.sign(swing) : 0
        return this.#value
      case 2:
        return Number((this.#value + swing * 20).toFixed(1))
      default:
        return (this.#value += Math.floor(this.#chance() * 4e8))
    }
  }
}
