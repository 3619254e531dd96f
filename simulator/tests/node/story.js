// The official Node client against the simulator at argv[2], or, when that is empty, behind HTTPS_PROXY.
// Prints what happened as JSON.
"use strict";
const midtrans = require("midtrans-client");

const [base, orderId] = process.argv.slice(2);
const keys = { isProduction: false, serverKey: "SB-Mid-server-simulator", clientKey: "SB-Mid-client-simulator" };
const snap = new midtrans.Snap(keys);
const core = new midtrans.CoreApi(keys);
const ApiConfig = core.apiConfig.constructor;
if (base) {
  ApiConfig.CORE_SANDBOX_BASE_URL = base;
  ApiConfig.SNAP_SANDBOX_BASE_URL = `${base}/snap/v1`;
}

async function refused(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { status: error.httpStatusCode, body: error.ApiResponse };
  }
}

async function main() {
  const order = { order_id: orderId, gross_amount: 200000 };
  const card = { card_number: "4811 1111 1111 1114", card_exp_month: "12", card_exp_year: "2030", card_cvv: "123", client_key: keys.clientKey };
  const told = {};
  told.token = await snap.createTransaction({ transaction_details: order });
  told.unchosen = await refused(core.transaction.status(orderId));
  told.invalid = await refused(snap.createTransaction({}));
  told.nothing = await refused(core.charge({}));
  told.va = await core.charge({ payment_type: "bank_transfer", bank_transfer: { bank: "bca" }, transaction_details: order });
  told.taken = await refused(core.charge({ payment_type: "gopay", transaction_details: order }));
  told.status = await core.transaction.status(orderId);
  told.expired = await core.transaction.expire(orderId);
  told.found = await core.transaction.status(orderId);
  const made = await core.cardToken(card);
  told.card = await core.charge({
    payment_type: "credit_card",
    credit_card: { token_id: made.token_id, save_token_id: true },
    transaction_details: { order_id: `${orderId}-card`, gross_amount: 20000 },
  });
  told.used = await refused(core.charge({
    payment_type: "credit_card",
    credit_card: { token_id: made.token_id },
    transaction_details: { order_id: `${orderId}-again`, gross_amount: 20000 },
  }));
  told.notification = await core.transaction.notification({ transaction_id: told.card.transaction_id });
  told.subscription = await core.createSubscription({
    name: "langganan", amount: "14000", currency: "IDR", payment_type: "credit_card",
    token: told.card.saved_token_id, schedule: { interval: 1, interval_unit: "month", max_interval: 3 },
  });
  told.disabled = await core.disableSubscription(told.subscription.id);
  told.account = await core.linkPaymentAccount({
    payment_type: "gopay", gopay_partner: { phone_number: "81234567891", country_code: "62" },
  });
  told.unlinked = await refused(core.unlinkPaymentAccount(told.account.account_id));
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
