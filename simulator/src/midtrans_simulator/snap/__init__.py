"""What answers on the Snap host: tokens, snap.js and the hosted page."""
