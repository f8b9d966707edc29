export { sampleInventory } from './sample.ts'
