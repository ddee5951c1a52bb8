<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** Mails from templates, through EmailPreSend and EmailPreLog (WHMCS developer docs, hooks). Nothing leaves: see tblemails. */
final class Mailer
{
    private const TEMPLATES = [
        ['product', 'Hosting Account Welcome Email', 'New account information', "Dear {\$client_first_name},\n"
            . "{\$service_product_name} is ready. User name: {\$service_username} Password: {\$service_password}"],
        ['product', 'Service Suspension Notification', 'Service suspended',
            '{$service_product_name} was suspended: {$service_suspension_reason}'],
        ['product', 'Service Unsuspension Notification', 'Service unsuspended',
            '{$service_product_name} was unsuspended.'],
        ['product', 'Upgrade Order Completed', 'Upgrade complete', '{$service_product_name} was upgraded.'],
        ['product', 'Cancellation Request Confirmation', 'Cancellation',
            'Your request for {$service_product_name} was noted.'],
        ['invoice', 'Invoice Created', 'Invoice {$invoice_num}', 'Total: {$invoice_total}'],
        ['invoice', 'Invoice Payment Confirmation', 'Payment of invoice {$invoice_num}', 'Thank you: {$invoice_total}'],
        ['invoice', 'Invoice Payment Reminder', 'Invoice {$invoice_num} is due', 'Total: {$invoice_total}'],
        ['invoice', 'First Invoice Overdue Notice', 'Invoice {$invoice_num} is overdue', 'Total: {$invoice_total}'],
    ];

    public function __construct(private readonly Shop $shop)
    {
    }

    public static function seedTemplates(): void
    {
        foreach (self::TEMPLATES as [$type, $name, $subject, $message]) {
            self::addTemplate($type, $name, $subject, $message, false);
        }
    }

    public static function addTemplate(string $type, string $name, string $subject, string $message, bool $custom): int
    {
        $row = compact('type', 'name', 'subject', 'message') + ['custom' => (int) $custom];
        return (int) Capsule::table('tblemailtemplates')->insertGetId($row);
    }

    /**
     * @param array<string, mixed> $merge fields that win over the usual ones
     * @return bool false if a hook vetoed it or there is no such template
     */
    public function send(string $name, int $relatedId, array $merge = []): bool
    {
        $template = Capsule::table('tblemailtemplates')->where('name', $name)->first();
        return $template !== null && $this->deliver((array) $template, $relatedId, $merge);
    }

    /**
     * @param array<string, mixed> $template type, name, subject, message
     * @param array<string, mixed> $merge
     */
    public function deliver(array $template, int $relatedId, array $merge = []): bool
    {
        $fields = $merge + (new MergeFields($this->shop))->of((string) $template['type'], $relatedId);
        $name = (string) $template['name'];
        $hookVariables = ['messagename' => $name, 'relid' => $relatedId, 'mergefields' => $fields];
        $results = $this->shop->hooks->merged('EmailPreSend', $hookVariables);
        $mail = ['audience' => 'client', 'messagename' => $name, 'relid' => $relatedId,
            'recipient' => (string) $fields['client_email'], 'subject' => '', 'message' => ''];
        if (($results['abortsend'] ?? false) === true) {
            $this->note($mail, 'EmailPreSend');
            return false;
        }
        unset($results['abortsend'], $results['attachments']);
        $fields = array_merge($fields, $results);
        $templates = new Templates();
        $mail['subject'] = $templates->text((string) $template['subject'], $fields);
        $mail['message'] = $templates->text((string) $template['message'], $fields);
        $this->note($mail, '');
        $this->log((int) $fields['client_id'], $mail);
        return true;
    }

    public function toAdmins(string $subject, string $message, int $relatedId = 0): void
    {
        $this->note(['audience' => 'admin', 'messagename' => 'admin', 'relid' => $relatedId,
            'recipient' => (string) $this->shop->settings->configuration('Email'),
            'subject' => $subject, 'message' => $message], '');
    }

    /** @param array<string, mixed> $mail */
    private function note(array $mail, string $abortedBy): void
    {
        $row = $mail + ['aborted' => (int) ($abortedBy !== ''), 'aborted_by' => $abortedBy];
        Capsule::table('standin_outbox')->insert($row + ['date' => $this->shop->clock->stamp()]);
        $this->shop->captured->keep($mail['audience'] === 'admin' ? 'notices' : 'emails', $row);
    }

    /** @param array<string, mixed> $mail */
    private function log(int $clientId, array $mail): void
    {
        $entry = ['userid' => $clientId, 'date' => $this->shop->clock->stamp(), 'to' => $mail['recipient'], 'cc' => '',
            'bcc' => '', 'subject' => $mail['subject'], 'message' => $mail['message']];
        $results = $this->shop->hooks->merged('EmailPreLog', $entry + ['attachments' => []]);
        if (($results['abortLogging'] ?? false) !== true) {
            Capsule::table('tblemails')->insert(array_intersect_key($results, $entry) + $entry);
        }
    }
}
