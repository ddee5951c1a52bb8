<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** The variables of mail templates (WHMCS end-user docs, email templates). */
final class MergeFields
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, mixed> */
    public function of(string $type, int $relatedId): array
    {
        return match ($type) {
            'product' => $this->service($relatedId),
            'invoice' => $this->invoice($relatedId),
            default => $this->client($relatedId),
        };
    }

    /** @return array<string, mixed> */
    private function client(int $clientId): array
    {
        $client = Shop::row('tblclients', $clientId);
        return [
            'client_id' => $clientId,
            'client_name' => $client['firstname'] . ' ' . $client['lastname'],
            'client_first_name' => $client['firstname'],
            'client_last_name' => $client['lastname'],
            'client_email' => $client['email'],
            'client_language' => $client['language'],
            'company_name' => $this->shop->settings->configuration('CompanyName'),
            'signature' => $this->shop->settings->configuration('CompanyName'),
        ];
    }

    /** @return array<string, mixed> */
    private function service(int $serviceId): array
    {
        $service = Shop::row('tblhosting', $serviceId);
        $product = Shop::row('tblproducts', (int) $service['packageid']);
        $fields = $this->client((int) $service['userid']) + [
            'service_id' => $serviceId,
            'service_order_id' => (int) $service['orderid'],
            'service_product_name' => $product['name'],
            'service_domain' => $service['domain'],
            'service_username' => $service['username'],
            'service_password' => $this->shop->decrypt((string) $service['password']),
            'service_status' => $service['domainstatus'],
            'service_billing_cycle' => $service['billingcycle'],
            'service_next_due_date' => $service['nextduedate'],
            'service_suspension_reason' => $service['suspendreason'],
            'service_dedicated_ip' => $service['dedicatedip'],
        ];
        foreach ((new CustomFields())->values($serviceId) as $name => $value) {
            $key = (string) preg_replace('/[^a-z0-9]/', '', strtolower($name));
            $fields["service_custom_field_$key"] = $value;
        }
        return $fields;
    }

    /** @return array<string, mixed> */
    private function invoice(int $invoiceId): array
    {
        $invoice = Shop::row('tblinvoices', $invoiceId);
        return $this->client((int) $invoice['userid']) + [
            'invoice_id' => $invoiceId,
            'invoice_num' => $invoice['invoicenum'] !== '' ? $invoice['invoicenum'] : (string) $invoiceId,
            'invoice_total' => $invoice['total'],
            'invoice_date_due' => $invoice['duedate'],
            'invoice_status' => $invoice['status'],
        ];
    }
}
