/**
 * What of a page cannot be read because of where it is.
 */
import type { Page } from 'puppeteer-core'

/** What ends beyond the window, is hidden by what it is in, or lies on something else. */
export const cutOffIn = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const isCut = (element: Element): boolean => {
      const { left, right, width: own } = element.getBoundingClientRect()
      return own > 1 && left >= 0 && right > innerWidth
    }
    const inner = [...document.querySelectorAll('main *, header *, footer *')]
    const overflowing = inner.filter(
      (element) =>
        element.clientWidth > 0 &&
        element.scrollWidth > element.clientWidth + 1 &&
        getComputedStyle(element).overflowX === 'hidden',
    )
    // A field of one line scrolls inside itself, and so does a block of code.
    const beyondParent = inner.filter((element) => {
      const card = element.closest('.step, .card, .verdict, .welcome')
      return card !== null && element.getBoundingClientRect().right > card.getBoundingClientRect().right + 1
    })
    // What is in a cell that was taken out of its row must not lie on what is in another.
    const contentOf = (cell: Element): DOMRect => {
      const range = document.createRange()
      range.selectNodeContents(cell)
      return range.getBoundingClientRect()
    }
    const overlapping = [...document.querySelectorAll('tbody tr')].flatMap((row) => {
      const cells = [...row.children].map((cell) => ({ cell, at: contentOf(cell) }))
      return cells
        .filter(({ at }, i) =>
          cells
            .slice(i + 1)
            .some(
              ({ at: other }) =>
                Math.min(at.right, other.right) - Math.max(at.left, other.left) > 1 &&
                Math.min(at.bottom, other.bottom) - Math.max(at.top, other.top) > 1,
            ),
        )
        .map(({ cell }) => cell)
    })
    const isInScroller = (element: Element): boolean => element.closest('pre') !== null
    return [...inner.filter(isCut), ...overflowing, ...beyondParent, ...overlapping]
      .filter((element) => !isInScroller(element))
      .map((element) => element.outerHTML.slice(0, 120))
  })
