#!/bin/sh
# Six curls through the life of one order. Start the application with `npm start` first: the tour uses the demo catalog.
#   sh examples/tour.sh [ADDRESS]
set -eu
api=${1:-http://127.0.0.1:3000}
run=$(date +%s)-$$ # Makes the tour repeatable: an e-mail address is unique, and so is an order's key.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

say() { printf '\n# %s\n' "$1"; }
field() { printf '%s' "$answer" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }

# Any PDF serves as a proof of identity. This is a small one.
printf '%%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj\ntrailer <</Root 1 0 R>>\n' > "$folder/proof.pdf"

say '1. Register a user who proves their identity with a PDF.'
answer=$(curl -fsS -F name='Ada Lovelace' -F "email=ada-$run@example.org" -F "id_proof=@$folder/proof.pdf" "$api/v1/users")
echo "$answer"
user=$(field user_id)

say '2. Place an order. The key makes a retry safe: the same key never places a second order.'
answer=$(curl -fsS -H 'Content-Type: application/json' -H "Idempotency-Key: tour-$run" \
  -d "{\"user_id\":\"$user\",\"items\":[{\"product_id\":6,\"quantity\":2}]}" "$api/v1/orders")
echo "$answer"
order=$(field order_id)

say '3. Pay it. The Log-Position header names the position of the new event.'
curl -fsS -D "$folder/head" -H 'Content-Type: application/json' -d '{"reference":"INV-1"}' "$api/v1/orders/$order/mark-paid"
position=$(tr -d '\r' < "$folder/head" | sed -n 's/^[Ll]og-[Pp]osition: //p')
printf '\nLog-Position: %s\n' "$position"

say '4. Try to cancel it. The decider refuses: a paid order is final.'
curl -sS -X POST "$api/v1/orders/$order/cancel"
echo

say '5. Read the counts of category 7. The answer waits until the read model has reached your position.'
curl -fsS -H "Min-Log-Position: $position" "$api/v1/categories/7/order-counts"
echo

say '6. Read the history of the order: its events are all that was ever stored of it.'
curl -fsS "$api/v1/orders/$order/events"
echo
