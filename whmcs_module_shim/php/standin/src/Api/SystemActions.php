<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Api;

use Panelbridge\Standin\Mailer;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Shop;
use WHMCS\Database\Capsule;

/** Mail, notifications and configuration through the API (WHMCS API reference). */
final class SystemActions
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): array<string, mixed>> */
    public function handlers(): array
    {
        return [
            'sendemail' => fn (array $v): array => $this->sendEmail($v),
            'sendadminemail' => fn (array $v): array => $this->sendAdminEmail($v),
            'triggernotificationevent' => fn (array $v): array => $this->notify($v),
            'logactivity' => fn (array $v): array => $this->logActivity($v),
            'getconfigurationvalue' => fn (array $v): array => $this->configuration($v),
            'whmcsdetails' => fn (array $v): array => ['whmcs' => [
                'version' => $this->shop->settings->configuration('Version'),
                'canonicalversion' => $this->shop->settings->configuration('Version') . '-release.1',
            ]],
            'getemailtemplates' => fn (array $v): array => $this->templates($v),
            'encryptpassword' => fn (array $v): array => [
                'password' => $this->shop->encrypt((string) ($v['password2'] ?? '')),
            ],
            'decryptpassword' => fn (array $v): array => [
                'password' => $this->shop->decrypt((string) ($v['password2'] ?? '')),
            ],
            'getservers' => fn (array $v): array => $this->servers(),
        ];
    }

    /**
     * One generic failure covers a veto, an empty body and a bad id (WHMCS API reference, SendEmail).
     *
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function sendEmail(array $values): array
    {
        $id = (int) ($values['id'] ?? 0);
        $merge = isset($values['customvars'])
            ? unserialize((string) base64_decode((string) $values['customvars']), ['allowed_classes' => false]) : [];
        $merge = is_array($merge) ? $merge : [];
        $mailer = new Mailer($this->shop);
        $named = (string) ($values['messagename'] ?? '');
        $sent = $named !== '' ? $mailer->send($named, $id, $merge) : $mailer->deliver([
            'type' => (string) ($values['customtype'] ?? 'general'),
            'name' => 'Mass Mail Template',
            'subject' => (string) ($values['customsubject'] ?? ''),
            'message' => (string) ($values['custommessage'] ?? ''),
        ], $id, $merge);
        return $sent ? [] : throw new Refused('Email Send Failed');
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function sendAdminEmail(array $values): array
    {
        $subject = (string) ($values['customsubject'] ?? $values['messagename'] ?? '');
        $message = (string) ($values['custommessage'] ?? '');
        if ($subject === '') {
            throw new Refused('You must provide either a message template name or a custom message');
        }
        (new Mailer($this->shop))->toAdmins($subject, $message);
        return [];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function notify(array $values): array
    {
        $row = ['identifier' => (string) ($values['notification_identifier'] ?? ''),
            'title' => (string) ($values['title'] ?? ''),
            'message' => (string) ($values['message'] ?? ''), 'url' => (string) ($values['url'] ?? ''),
            'status' => (string) ($values['status'] ?? '')];
        if ($row['identifier'] === '' || $row['title'] === '' || $row['message'] === '') {
            throw new Refused('notification_identifier, title and message are required');
        }
        Capsule::table('tblnotifications_sent')->insert($row + ['date' => $this->shop->clock->stamp()]);
        $this->shop->captured->keep('notices', ['audience' => 'notification'] + $row);
        return [];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function logActivity(array $values): array
    {
        $this->shop->logActivity((string) ($values['description'] ?? ''), (int) ($values['clientid'] ?? 0));
        return [];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function configuration(array $values): array
    {
        $setting = (string) ($values['setting'] ?? '');
        $value = $this->shop->settings->configuration($setting)
            ?? throw new Refused('Invalid configuration setting name');
        return ['setting' => $setting, 'value' => $value];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function templates(array $values): array
    {
        $where = array_intersect_key($values, ['type' => true]);
        $rows = Capsule::table('tblemailtemplates')->where($where)->get(['id', 'name', 'subject', 'custom'])->all();
        $rows = array_map(static fn (object $row): array => (array) $row, $rows);
        return ['totalresults' => count($rows), 'emailtemplates' => ['emailtemplate' => $rows]];
    }

    /** @return array<string, mixed> a flat list, unlike most collections */
    private function servers(): array
    {
        $rows = Capsule::table('tblservers')
            ->get(['id', 'name', 'hostname', 'ipaddress', 'active', 'type as module'])->all();
        return ['servers' => array_map(static fn (object $row): array => (array) $row, $rows)];
    }
}
