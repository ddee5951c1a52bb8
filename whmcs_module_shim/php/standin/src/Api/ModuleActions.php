<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Api;

use Panelbridge\Standin\ModuleCommand;
use Panelbridge\Standin\ModuleQueue;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;

/** Module commands through the API; there is no ModuleRenew (WHMCS API reference). */
final class ModuleActions
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): array<string, mixed>> */
    public function handlers(): array
    {
        return [
            'modulecreate' => fn (array $v): array => $this->run($v, 'CreateAccount'),
            'moduleunsuspend' => fn (array $v): array => $this->run($v, 'UnsuspendAccount'),
            'moduleterminate' => fn (array $v): array => $this->run($v, 'TerminateAccount'),
            'modulechangepackage' => fn (array $v): array => $this->run($v, 'ChangePackage'),
            'modulesuspend' => fn (array $v): array => $this->suspend($v),
            'modulechangepw' => fn (array $v): array => $this->changePassword($v),
            'modulecustom' => fn (array $v): array => $this->custom($v),
            'getmodulequeue' => fn (array $v): array => $this->queue($v),
        ];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function run(array $values, string $function): array
    {
        return $this->told((new ModuleCommand($this->shop))->run(self::serviceId($values), $function));
    }

    /**
     * A custom reason also blocks the automatic unsuspend on payment (WHMCS API reference, ModuleSuspend).
     *
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function suspend(array $values): array
    {
        $reason = (string) ($values['suspendreason'] ?? '');
        return $this->told((new Services($this->shop))->suspend(self::serviceId($values), $reason, false));
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function changePassword(array $values): array
    {
        $extra = isset($values['servicepassword']) ? ['password' => (string) $values['servicepassword']] : [];
        $command = new ModuleCommand($this->shop);
        return $this->told($command->run(self::serviceId($values), 'ChangePassword', false, $extra));
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function custom(array $values): array
    {
        $function = (string) ($values['func_name'] ?? '');
        if ($function === '') {
            throw new Refused('Function Name Required');
        }
        return $this->run($values, $function);
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function queue(array $values): array
    {
        $rows = [];
        foreach ((new ModuleQueue($this->shop))->rows() as $row) {
            $entry = [
                'id' => (int) $row['id'], 'serviceType' => $row['service_type'],
                'serviceId' => (int) $row['service_id'],
                'moduleName' => $row['module_name'], 'moduleAction' => $row['module_action'],
                'lastAttempt' => $row['last_attempt'], 'lastAttemptError' => $row['last_attempt_error'],
                'numRetries' => (int) $row['num_retries'], 'completed' => (int) $row['completed'],
                'createdAt' => $row['created_at'], 'updatedAt' => $row['updated_at'],
            ];
            $wanted = ($values['moduleName'] ?? $entry['moduleName']) === $entry['moduleName']
                && ($values['moduleAction'] ?? $entry['moduleAction']) === $entry['moduleAction']
                && (int) ($values['relatedId'] ?? $entry['serviceId']) === $entry['serviceId'];
            if ($wanted) {
                $rows[] = $entry;
            }
        }
        return ['count' => count($rows), 'queue' => $rows];
    }

    /** @return array<string, mixed> */
    private function told(string $answer): array
    {
        return $answer === 'success' ? [] : throw new Refused($answer);
    }

    /** @param array<string, mixed> $values */
    public static function serviceId(array $values): int
    {
        $id = (int) ($values['serviceid'] ?? $values['accountid'] ?? 0);
        return $id > 0 ? $id : throw new Refused('Service ID is required');
    }
}
