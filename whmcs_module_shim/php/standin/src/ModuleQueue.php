<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * Failed automated actions wait here for a person; nothing retries them (WHMCS end-user docs, module queue).
 */
final class ModuleQueue
{
    private const QUEUED = ['CreateAccount', 'SuspendAccount', 'UnsuspendAccount', 'TerminateAccount'];

    public function __construct(private readonly Shop $shop)
    {
    }

    public function failed(int $serviceId, string $function, string $error, bool $automated): void
    {
        $settings = $this->shop->settings;
        $kind = in_array($function, self::QUEUED, true)
            || ($function === 'Renew' && $settings->says('queue_renew_failures'));
        if (!$kind || !($automated || $settings->says('queue_manual_failures'))) {
            return;
        }
        $now = $this->shop->clock->stamp();
        $row = ['last_attempt' => $now, 'last_attempt_error' => $error, 'updated_at' => $now];
        if ($this->open($serviceId, $function)->update($row) === 0) {
            Capsule::table('tblmodulequeue')->insert($row + [
                'service_type' => 'service',
                'service_id' => $serviceId,
                'module_name' => $this->shop->module()->name,
                'module_action' => $function,
                'created_at' => $now,
            ]);
        }
        $text = "Module command $function of service $serviceId failed: $error";
        (new Mailer($this->shop))->toAdmins('Automatic module command failed', $text, $serviceId);
    }

    public function succeeded(int $serviceId, string $function): void
    {
        if ($this->shop->settings->says('any_success_resolves_queue')) {
            $this->open($serviceId, $function)->update(['completed' => 1, 'updated_at' => $this->shop->clock->stamp()]);
        }
    }

    /** An admin's click on Retry. */
    public function retry(int $id): string
    {
        $row = Shop::row('tblmodulequeue', $id);
        Capsule::table('tblmodulequeue')->where('id', $id)->update(['num_retries' => (int) $row['num_retries'] + 1]);
        $answer = (new ModuleCommand($this->shop))->run((int) $row['service_id'], (string) $row['module_action'], true);
        if ($answer === 'success') {
            Capsule::table('tblmodulequeue')->where('id', $id)->update(['completed' => 1]);
        }
        return $answer;
    }

    /** @return list<array<string, mixed>> rows a person has not resolved */
    public function rows(): array
    {
        $rows = Capsule::table('tblmodulequeue')->where('completed', 0)->orderBy('id')->get();
        return array_map(static fn (object $row): array => (array) $row, $rows->all());
    }

    private function open(int $serviceId, string $function): \Illuminate\Database\Query\Builder
    {
        return Capsule::table('tblmodulequeue')->where('service_type', 'service')->where('service_id', $serviceId)
            ->where('module_action', $function)->where('completed', 0);
    }
}
