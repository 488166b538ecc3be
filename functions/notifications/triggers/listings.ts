/**
 * Rows about listings: handed in and decided, saved, reviewed, claimed.
 *
 * @module
 */
import * as z from "zod";
import { became, created } from "./change.ts";
import * as field from "./fields.ts";
import { trigger } from "./trigger.ts";

/** Kept in one table, or in one for each kind. */
const collections = ["listings", "locations", "events", "services"];

const own = z.object({ title: field.title, owner: field.person, url: field.url });

const review = z.object({
  listing: field.listing,
  author: field.named,
  stars: field.stars,
  text: field.maybe(field.text),
  url: field.url,
});

/** What its author is told of needs no owner. */
const decidedReview = z.object({
  listing: field.listing.omit({ owner: true }),
  author: field.person,
  text: field.maybe(field.text),
  url: field.url,
});

const claim = z.object({
  listing: field.listing.omit({ owner: true }),
  claimant: field.person,
});

export const listingTriggers = [
  trigger({
    name: "listing.pending",
    collections,
    when: became("status", "pending"),
    row: own,
    tell: ({ row: { title, owner }, id, collection, admins, site }) =>
      admins.map((to) => ({
        event: "admin.listing.pending",
        to,
        data: { title, by: owner.name ?? owner.email, url: site("admin", collection, id) },
      })),
  }),
  trigger({
    name: "listing.approved",
    collections,
    when: became("status", "approved"),
    row: own,
    tell: ({ row: { title, owner: to, url }, id, collection, site }) => [{
      event: "listing.approved",
      to,
      data: { title, url: url ?? site(collection, id) },
    }],
  }),
  trigger({
    name: "listing.rejected",
    collections,
    when: became("status", "rejected"),
    row: own.extend({ reasons: field.reasons, note: field.maybe(field.text) }),
    tell: ({ row: { title, owner: to, reasons, note }, id, collection, site }) => [{
      event: "listing.rejected",
      to,
      data: { title, reasons, note, url: site(collection, id, "edit") },
    }],
  }),
  trigger({
    name: "listing.finished",
    collections,
    when: became("status", "finished"),
    row: own.extend({
      endedOn: field.maybe(field.day),
      views: field.maybe(field.count),
      favorites: field.maybe(field.count),
      bookings: field.maybe(field.count),
    }),
    tell: ({ row: { owner: to, endedOn, url: _, ...rest }, id, collection, site, now }) => [{
      event: "listing.finished",
      to,
      data: {
        ...rest,
        endedOn: endedOn ?? new Date(now).toISOString().slice(0, 10),
        url: site(collection, id, "again"),
      },
    }],
  }),
  trigger({
    name: "favorite.created",
    collections: ["favorites"],
    when: created(),
    row: z.object({
      listing: field.listing,
      user: field.maybe(z.object({ name: field.maybe(field.title) })),
    }),
    tell: ({ row: { listing: { owner: to, id, title, url }, user }, site }) => [{
      event: "listing.favorited",
      to,
      data: { title, by: user?.name, url: url ?? site("listings", id) },
    }],
  }),
  trigger({
    name: "review.created",
    collections: ["reviews"],
    when: created(),
    row: review,
    tell: ({ row: { listing, author: by, stars, text, url }, site }) => [{
      event: "review.new",
      to: listing.owner,
      data: {
        title: listing.title,
        by,
        stars,
        text,
        url: url ?? listing.url ?? site("listings", listing.id),
      },
    }],
  }),
  trigger({
    name: "review.pending",
    collections: ["reviews"],
    when: became("status", "pending"),
    row: review.extend({ listing: field.listing.omit({ owner: true }) }),
    tell: ({ row: { listing: { title }, author: by, stars, text }, id, admins, site }) =>
      admins.map((to) => ({
        event: "admin.review.pending",
        to,
        data: { title, by, stars, text, url: site("admin", "reviews", id) },
      })),
  }),
  trigger({
    name: "review.approved",
    collections: ["reviews"],
    when: became("status", "approved"),
    row: decidedReview,
    tell: ({ row: { listing, author: to, url }, site }) => [{
      event: "review.approved",
      to,
      data: {
        title: listing.title,
        url: url ?? listing.url ?? site("listings", listing.id),
      },
    }],
  }),
  trigger({
    name: "review.rejected",
    collections: ["reviews"],
    when: became("status", "rejected"),
    row: decidedReview.extend({ reasons: field.reasons }),
    tell: ({ row: { listing: { title }, author: to, reasons, text }, id, site }) => [{
      event: "review.rejected",
      to,
      data: { title, reasons, text, url: site("reviews", id, "edit") },
    }],
  }),
  trigger({
    name: "claim.pending",
    collections: ["claims"],
    when: became("status", "pending"),
    row: claim.extend({ proof: field.maybe(field.text) }),
    tell: ({ row: { listing: { title }, claimant, proof }, id, admins, site }) =>
      admins.map((to) => ({
        event: "admin.claim.pending",
        to,
        data: {
          title,
          by: claimant.name ?? claimant.email,
          proof,
          url: site("admin", "claims", id),
        },
      })),
  }),
  trigger({
    name: "claim.approved",
    collections: ["claims"],
    when: became("status", "approved"),
    row: claim,
    tell: ({ row: { listing, claimant: to }, site }) => [{
      event: "claim.approved",
      to,
      data: { title: listing.title, url: listing.url ?? site("listings", listing.id) },
    }],
  }),
  trigger({
    name: "claim.rejected",
    collections: ["claims"],
    when: became("status", "rejected"),
    row: claim.extend({ reasons: field.reasons }),
    tell: ({ row: { listing, claimant: to, reasons }, id, site }) => [{
      event: "claim.rejected",
      to,
      data: { title: listing.title, reasons, url: site("claims", id) },
    }],
  }),
  trigger({
    name: "claim.invited",
    collections: ["claims"],
    when: became("status", "invited"),
    // The link is the right to claim: only the site can make it.
    row: claim.extend({ url: field.url.unwrap().unwrap(), validUntil: field.maybe(field.day) }),
    tell: ({ row: { listing: { title }, claimant: to, url, validUntil } }) => [{
      event: "listing.claim.invitation",
      to,
      data: { title, url, validUntil },
    }],
  }),
];
